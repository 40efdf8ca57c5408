WITH once AS (
    SELECT reaction_id, min(names) AS names, min(equation) AS equation FROM raw.kegg_reactions GROUP BY reaction_id
)
SELECT reaction_id, names[1] AS name, names, equation FROM once
