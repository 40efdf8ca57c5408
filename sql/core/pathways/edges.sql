-- One row per pathway, reaction, substrate and product. Enzymes: the genes, orthologs or EC numbers of the entry that
-- carries the reaction (the same number in the document) and of every entry that names it. An element of several
-- reactions gives each of them all of its pairs: shared says so, and in_equation what the reaction's own equation says.
with
    pair as (
        select
            pathway_id, reaction_id, substrate, product, bool_or(reversible) as reversible, bool_and(shared) as shared
        from staging.kgml_pairs
        where known_ids
        group by pathway_id, reaction_id, substrate, product
    ),
    resolved as (
        select reaction_id, bool_and(compound_id is not null) as complete
        from staging.reaction_sides
        group by reaction_id
    ),
    opposite as (
        select distinct l.reaction_id, l.compound_id as one, r.compound_id as other
        from staging.reaction_sides l
        join staging.reaction_sides r on r.reaction_id = l.reaction_id and r.side <> l.side
        where l.compound_id is not null and r.compound_id is not null
    ),
    entry as (
        select pathway_id, entry_id, names, reactions from raw.kgml_entries where type in ('gene', 'ortholog', 'enzyme')
    ),
    carried as (
        select pathway_id, unnest(reactions) as reaction_id, names
        from entry
        union all
        select p.pathway_id, p.reaction_id, e.names
        from (select distinct pathway_id, reaction_id, entry_id from staging.kgml_pairs) p
        join entry e on e.pathway_id = p.pathway_id and e.entry_id = p.entry_id
    ),
    enzyme as (select distinct pathway_id, reaction_id, unnest(names) as name from carried),
    enzymes as (
        select pathway_id, reaction_id, list(name order by name) as enzymes from enzyme group by pathway_id, reaction_id
    )
select
    p.pathway_id,
    p.reaction_id,
    p.substrate,
    p.product,
    p.reversible,
    p.shared,
    case when o.reaction_id is not null then true when s.complete then false end as in_equation,
    coalesce(e.enzymes, cast([] as varchar[])) as enzymes
from pair p
left join enzymes e on e.pathway_id = p.pathway_id and e.reaction_id = p.reaction_id
left join resolved s on s.reaction_id = p.reaction_id
left join opposite o on o.reaction_id = p.reaction_id and o.one = p.substrate and o.other = p.product
