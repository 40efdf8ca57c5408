-- The KEGG reactions of proteins by EC number: from KEGG's links of enzymes and reactions, either way, and from the
-- enzymes that its maps of the EC kind draw on them. A number that is not complete, such as 3.2.2.-, names no reaction.
with
    drawn as (
        select reaction_id, unnest(names) as enzyme
        from (select names, unnest(reactions) as reaction_id from raw.kgml_entries where type = 'enzyme') as entry
    ),
    link as (
        select from_id as reaction_id, to_id as ec_number
        from raw.kegg_links
        where from_db = 'rn' and to_db = 'ec'
        union
        select to_id, from_id
        from raw.kegg_links
        where from_db = 'ec' and to_db = 'rn'
        union
        select reaction_id, substr(enzyme, 4)
        from drawn
        where starts_with(enzyme, 'ec:')
    )
select x.accession, x.id as ec_number, l.reaction_id
from core.protein_xrefs x
join link l on l.ec_number = x.id
join core.reactions r on r.reaction_id = l.reaction_id
where x.database = 'EC' and not ends_with(x.id, '-')
