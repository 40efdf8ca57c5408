with
    once as (
        select reaction_id, min(names) as names, min(equation) as equation from raw.kegg_reactions group by reaction_id
    )
select reaction_id, names[1] as name, names, equation
from once
