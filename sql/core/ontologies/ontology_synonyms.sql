select distinct term, synonym, scope from raw.ontologies_synonyms
