-- One row per pathway, reaction, substrate and product. Enzymes: the genes, orthologs or EC numbers of the entry that
-- carries the reaction (the same number in the document) and of every entry that names it.
with
    pair as (
        select pathway_id, reaction_id, substrate, product, bool_or(reversible) as reversible
        from staging.kgml_pairs
        where known_ids
        group by pathway_id, reaction_id, substrate, product
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
    coalesce(e.enzymes, cast([] as varchar[])) as enzymes
from pair p
left join enzymes e on e.pathway_id = p.pathway_id and e.reaction_id = p.reaction_id
