WITH once AS (SELECT compound_id, min(names) AS names FROM raw.kegg_compounds GROUP BY compound_id)
SELECT compound_id, names[1] AS name, names FROM once
