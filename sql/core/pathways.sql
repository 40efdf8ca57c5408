-- Reference maps and the pathways of organisms; class and subclass by the map's number in br08901.
WITH named AS (
    SELECT pathway_id, name, CAST(NULL AS VARCHAR) AS organism FROM raw.kegg_pathways
    UNION ALL
    SELECT pathway_id, name, organism FROM raw.kegg_organism_pathways
    UNION ALL
    SELECT pathway_id, title, CASE WHEN organism IN ('map', 'ko', 'ec', 'rn') THEN NULL ELSE organism END
    FROM raw.kgml_pathways
),
once AS (
    SELECT pathway_id, min(name) AS name, min(organism) AS organism FROM named GROUP BY pathway_id
),
classes AS (
    SELECT id, min(path[1]) AS class, min(path[2]) AS subclass
    FROM raw.kegg_hierarchy WHERE brite = 'br08901' GROUP BY id
)
SELECT
    o.pathway_id,
    right(o.pathway_id, 5) AS number,
    o.name,
    c.class AS class,
    c.subclass,
    o.organism,
    o.organism IS NULL AS is_reference
FROM once o
LEFT JOIN classes c ON c.id = right(o.pathway_id, 5)
