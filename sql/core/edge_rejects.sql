-- Reactions of a KGML file that make no edge, each with its reason.
WITH sides AS (
    SELECT pathway_id, reaction, count_if(role = 'substrate') AS substrates, count_if(role = 'product') AS products
    FROM raw.kgml_participants GROUP BY pathway_id, reaction
)
SELECT r.pathway_id, r.reaction, r.reactions,
       CASE WHEN coalesce(s.substrates, 0) = 0 AND coalesce(s.products, 0) = 0 THEN 'no substrate and no product'
            WHEN coalesce(s.substrates, 0) = 0 THEN 'no substrate' ELSE 'no product' END AS reason
FROM raw.kgml_reactions r
LEFT JOIN sides s ON s.pathway_id = r.pathway_id AND s.reaction = r.reaction
WHERE coalesce(s.substrates, 0) = 0 OR coalesce(s.products, 0) = 0
