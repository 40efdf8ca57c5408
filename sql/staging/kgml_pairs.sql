-- Each substrate x product pair of each reaction element, every id of a multi-id name on its own, before duplicates go.
-- Pairs that name something which is no reaction or compound stay, marked: core.edges leaves them to core.edge_rejects.
WITH reaction AS (
    SELECT pathway_id, reaction, entry_id, type, unnest(reactions) AS reaction_id FROM raw.kgml_reactions
),
side AS (
    SELECT pathway_id, reaction, role, unnest(compounds) AS compound_id FROM raw.kgml_participants
)
SELECT r.pathway_id, r.reaction, r.entry_id, r.reaction_id, s.compound_id AS substrate, p.compound_id AS product,
       r.type = 'reversible' AS reversible,
       is_reaction(r.reaction_id) AND is_compound(s.compound_id) AND is_compound(p.compound_id) AS known_ids
FROM reaction r
JOIN side s ON s.pathway_id = r.pathway_id AND s.reaction = r.reaction AND s.role = 'substrate'
JOIN side p ON p.pathway_id = r.pathway_id AND p.reaction = r.reaction AND p.role = 'product'
