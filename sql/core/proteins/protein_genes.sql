-- The KEGG genes of proteins that the lake has.
select x.accession, x.id as gene_id
from core.protein_xrefs x
join core.genes g on g.gene_id = x.id
where x.database = 'KEGG'
