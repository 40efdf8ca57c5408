-- Each substrate x product pair of each reaction element, every id of a multi-id name on its own, before duplicates go.
WITH reaction AS (
    SELECT pathway_id, reaction, entry_id, type, unnest(reactions) AS reaction_id FROM raw.kgml_reactions
),
side AS (
    SELECT pathway_id, reaction, role, unnest(compounds) AS compound_id FROM raw.kgml_participants
)
SELECT r.pathway_id, r.reaction, r.entry_id, r.reaction_id, s.compound_id AS substrate, p.compound_id AS product,
       r.type = 'reversible' AS reversible
FROM reaction r
JOIN side s ON s.pathway_id = r.pathway_id AND s.reaction = r.reaction AND s.role = 'substrate'
JOIN side p ON p.pathway_id = r.pathway_id AND p.reaction = r.reaction AND p.role = 'product'
