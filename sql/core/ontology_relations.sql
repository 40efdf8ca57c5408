select distinct term, predicate, target from raw.ontologies_relations
