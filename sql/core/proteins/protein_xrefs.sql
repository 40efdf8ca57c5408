-- What the version in core.proteins refers to, each id once.
select
    x.accession,
    x.database,
    x.id,
    list(distinct x.protein_id order by x.protein_id) filter (where x.protein_id is not null) as protein_ids
from raw.uniprot_xrefs x
join core.proteins p on p.accession = x.accession and coalesce(p.version, -1) = coalesce(x.version, -1)
group by x.accession, x.database, x.id
