-- Which pathways belong to an overview map, by the ids of its image: the map itself, a pathway that it links to, and a
-- pathway at least half of whose reactions stand in it. One reaction in common would be too loose: central metabolism
-- shares some with nearly every map.
WITH target AS (
    SELECT DISTINCT map_number(pathway_id) AS overview, id FROM raw.kegg_map_areas WHERE id IS NOT NULL
),
linked AS (
    SELECT DISTINCT overview, map_number(id) AS number FROM target WHERE regexp_full_match(id, '[a-z]+[0-9]{5}')
    UNION
    SELECT DISTINCT map_number(pathway_id), map_number(pathway_id) FROM raw.kegg_map_areas
),
shared AS (
    SELECT t.overview, r.number, count(*) AS shared
    FROM staging.pathway_reactions r
    JOIN target t ON t.id = r.reaction_id
    GROUP BY t.overview, r.number
),
held AS (SELECT number, count(*) AS reactions FROM staging.pathway_reactions GROUP BY number),
met AS (SELECT overview, number FROM linked UNION SELECT overview, number FROM shared)
SELECT
    'map' || m.overview AS overview,
    m.number,
    l.number IS NOT NULL AS is_linked,
    coalesce(s.shared, 0) AS shared,
    coalesce(h.reactions, 0) AS reactions,
    l.number IS NOT NULL OR coalesce(2 * s.shared >= h.reactions, false) AS is_member
FROM met m
LEFT JOIN linked l ON l.overview = m.overview AND l.number = m.number
LEFT JOIN shared s ON s.overview = m.overview AND s.number = m.number
LEFT JOIN held h ON h.number = m.number
