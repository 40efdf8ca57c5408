select id, synonym, scope, type, list(distinct ontology order by ontology) as ontologies
from raw.ontologies_synonyms
group by id, synonym, scope, type
