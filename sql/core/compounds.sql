SELECT compound_id, min(names[1]) AS name, min(names) AS names FROM raw.kegg_compounds GROUP BY compound_id
