-- Reaction elements of a KGML document of which something, or all, became no edge; each with its reason.
WITH side AS (
    SELECT pathway_id, reaction,
           sum(len(compounds)) FILTER (role = 'substrate') AS substrates,
           sum(len(compounds)) FILTER (role = 'product') AS products
    FROM raw.kgml_participants GROUP BY pathway_id, reaction
),
pair AS (
    SELECT pathway_id, reaction, count(*) FILTER (known_ids) AS taken, count(*) FILTER (NOT known_ids) AS aside
    FROM staging.kgml_pairs GROUP BY pathway_id, reaction
),
judged AS (
    SELECT
        r.pathway_id,
        r.reaction,
        r.reactions,
        coalesce(p.taken, 0) AS taken,
        coalesce(p.aside, 0) AS pairs,
        CASE
            WHEN len(r.reactions) = 0 THEN 'no reaction id'
            WHEN coalesce(s.substrates, 0) = 0 AND coalesce(s.products, 0) = 0 THEN 'no substrate and no product'
            WHEN coalesce(s.substrates, 0) = 0 THEN 'no substrate'
            WHEN coalesce(s.products, 0) = 0 THEN 'no product'
            WHEN p.aside > 0 THEN 'an id that is no reaction or compound'
        END AS reason
    FROM raw.kgml_reactions r
    LEFT JOIN side s ON s.pathway_id = r.pathway_id AND s.reaction = r.reaction
    LEFT JOIN pair p ON p.pathway_id = r.pathway_id AND p.reaction = r.reaction
)
SELECT pathway_id, reaction, reactions, reason, pairs, taken = 0 AS whole FROM judged WHERE reason IS NOT NULL
