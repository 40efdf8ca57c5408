-- Entries of KEGG's databases beside compounds, reactions and genes: orthology, modules, enzymes, ...
select database, id, names[1] as name, names, min(description) as description, ec
from raw.kegg_terms
group by database, id, names, ec
qualify row_number() over (partition by database, id order by len(names) desc, names, ec) = 1
