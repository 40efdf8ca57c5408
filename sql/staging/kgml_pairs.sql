-- Each substrate x product pair of each reaction element, every id of a multi-id name on its own, before duplicates go.
-- Pairs that name something which is no reaction or compound stay, marked: core.edges leaves them to core.edge_rejects.
with
    reaction as (
        select pathway_id, reaction, entry_id, type, len(reactions) > 1 as shared, unnest(reactions) as reaction_id
        from raw.kgml_reactions
    ),
    side as (select pathway_id, reaction, role, unnest(compounds) as compound_id from raw.kgml_participants)
select
    r.pathway_id,
    r.reaction,
    r.entry_id,
    r.reaction_id,
    s.compound_id as substrate,
    p.compound_id as product,
    r.type = 'reversible' as reversible,
    r.shared,
    is_reaction(r.reaction_id) and is_compound(s.compound_id) and is_compound(p.compound_id) as known_ids
from reaction r
join side s on s.pathway_id = r.pathway_id and s.reaction = r.reaction and s.role = 'substrate'
join side p on p.pathway_id = r.pathway_id and p.reaction = r.reaction and p.role = 'product'
