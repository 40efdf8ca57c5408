SELECT gene_id, min(organism) AS organism, min(type) AS type, min(symbols) AS symbols,
       min(description) AS description, min(position) AS position
FROM raw.kegg_genes GROUP BY gene_id
