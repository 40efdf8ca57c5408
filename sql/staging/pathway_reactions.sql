-- Which reactions stand in a pathway, by its map's number: from the links where the archive gave them, and from the KGML
-- of any of its versions.
SELECT map_number(from_id) AS number, to_id AS reaction_id
FROM raw.kegg_links WHERE from_db = 'path' AND to_db = 'rn' AND is_reaction(to_id)
UNION
SELECT map_number(pathway_id), reaction_id
FROM (SELECT pathway_id, unnest(reactions) AS reaction_id FROM raw.kgml_reactions) AS named
WHERE is_reaction(reaction_id)
