select id, xref, min(description) as description, list(distinct ontology order by ontology) as ontologies
from raw.ontologies_xrefs
group by id, xref
