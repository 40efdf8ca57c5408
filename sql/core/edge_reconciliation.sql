-- Each KGML document against what became of it. The counts on both sides are taken apart from each other: what the
-- document holds by the lengths of its lists, what became of it by counting rows; the contract holds them together.
WITH side AS (
    SELECT pathway_id, reaction,
           sum(len(compounds)) FILTER (role = 'substrate') AS substrates,
           sum(len(compounds)) FILTER (role = 'product') AS products
    FROM raw.kgml_participants GROUP BY pathway_id, reaction
),
document AS (
    SELECT r.pathway_id, count(*) AS reactions,
           sum(len(r.reactions) * coalesce(s.substrates, 0) * coalesce(s.products, 0)) AS pairs
    FROM raw.kgml_reactions r
    LEFT JOIN side s ON s.pathway_id = r.pathway_id AND s.reaction = r.reaction
    GROUP BY r.pathway_id
),
element AS (
    SELECT pathway_id, count(DISTINCT reaction) AS reactions FROM staging.kgml_pairs WHERE known_ids GROUP BY pathway_id
),
repeated AS (
    SELECT pathway_id, sum(n - 1) AS duplicates
    FROM (
        SELECT pathway_id, count(*) AS n FROM staging.kgml_pairs WHERE known_ids
        GROUP BY pathway_id, reaction_id, substrate, product
    ) AS grouped
    GROUP BY pathway_id
),
reject AS (
    SELECT pathway_id, count(*) FILTER (whole) AS reactions, sum(pairs) AS pairs
    FROM core.edge_rejects GROUP BY pathway_id
),
edge AS (SELECT pathway_id, count(*) AS edges FROM core.edges GROUP BY pathway_id)
SELECT
    k.pathway_id,
    coalesce(d.reactions, 0) AS reactions,
    coalesce(w.reactions, 0) AS reactions_with_edges,
    coalesce(a.reactions, 0) AS reactions_aside,
    CAST(coalesce(d.pairs, 0) AS BIGINT) AS pairs,
    coalesce(e.edges, 0) AS edges,
    CAST(coalesce(t.duplicates, 0) AS BIGINT) AS duplicates,
    CAST(coalesce(a.pairs, 0) AS BIGINT) AS pairs_aside
FROM (SELECT DISTINCT pathway_id FROM raw.kgml_pathways) k
LEFT JOIN document d ON d.pathway_id = k.pathway_id
LEFT JOIN element w ON w.pathway_id = k.pathway_id
LEFT JOIN reject a ON a.pathway_id = k.pathway_id
LEFT JOIN edge e ON e.pathway_id = k.pathway_id
LEFT JOIN repeated t ON t.pathway_id = k.pathway_id
