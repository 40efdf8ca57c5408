SELECT reaction_id, min(names[1]) AS name, min(names) AS names, min(equation) AS equation
FROM raw.kegg_reactions GROUP BY reaction_id
