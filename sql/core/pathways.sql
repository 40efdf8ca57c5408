-- Reference maps and the pathways of organisms. A pathway's name is that of the list that names it; a KGML document's
-- title where none does. Class and subclass by the map's number in br08901.
WITH named AS (
    SELECT 1 AS place, pathway_id, name, CAST(NULL AS VARCHAR) AS organism FROM raw.kegg_pathways
    UNION ALL
    SELECT 2, pathway_id, name, organism FROM raw.kegg_organism_pathways
    UNION ALL
    SELECT 3, pathway_id, title, CASE WHEN organism NOT IN ('map', 'ko', 'ec', 'rn') THEN organism END
    FROM raw.kgml_pathways
),
once AS (
    SELECT
        pathway_id,
        coalesce(min(name) FILTER (place = 1), min(name) FILTER (place = 2), min(name)) AS name,
        min(organism) AS organism
    FROM named
    GROUP BY pathway_id
),
classes AS (
    SELECT id AS number, min(path[1]) AS class, min(path[2]) AS subclass
    FROM raw.kegg_hierarchy WHERE brite = 'br08901' GROUP BY id
)
SELECT
    o.pathway_id,
    map_number(o.pathway_id) AS number,
    o.name,
    c.class AS class,
    c.subclass,
    o.organism,
    o.organism IS NULL AS is_reference
FROM once o
LEFT JOIN classes c ON c.number = map_number(o.pathway_id)
