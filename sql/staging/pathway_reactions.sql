-- Which reactions stand in a pathway, by its map's number: from the links where the archive gave them, and from the
-- KGML of any of its versions.
select map_number(from_id) as number, to_id as reaction_id
from raw.kegg_links
where from_db = 'path' and to_db = 'rn' and is_reaction(to_id)
union
select map_number(pathway_id), reaction_id
from (select pathway_id, unnest(reactions) as reaction_id from raw.kgml_reactions) as named
where is_reaction(reaction_id)
