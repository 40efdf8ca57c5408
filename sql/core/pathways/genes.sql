select
    gene_id,
    min(organism) as organism,
    min(type) as type,
    min(symbols) as symbols,
    min(description) as description,
    min(position) as position
from raw.kegg_genes
group by gene_id
