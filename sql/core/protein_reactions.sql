-- The KEGG reactions of proteins by EC number, as KEGG links them (raw.kegg_links, enzyme and reaction, either way). A
-- number that is not complete, such as 3.2.2.-, names no reaction.
with
    link as (
        select from_id as reaction_id, to_id as ec_number
        from raw.kegg_links
        where from_db = 'rn' and to_db = 'ec'
        union
        select to_id, from_id
        from raw.kegg_links
        where from_db = 'ec' and to_db = 'rn'
    )
select x.accession, x.id as ec_number, l.reaction_id
from core.protein_xrefs x
join link l on l.ec_number = x.id
join core.reactions r on r.reaction_id = l.reaction_id
where x.database = 'EC'
