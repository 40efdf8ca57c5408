with once as (select compound_id, min(names) as names from raw.kegg_compounds group by compound_id)
select compound_id, names[1] as name, names
from once
