-- One row a genome of JGI's GEM catalogue. Files of 2020 list some twice, with longitudes of either sign: what such
-- rows
-- say differently of the place is not known, of the rest the first row is taken.
select
    genome_id,
    metagenome_id,
    genome_length as genome_size,
    num_contigs as contigs,
    n50,
    num_16s as rrna_16s,
    num_23s as rrna_23s,
    num_5s as rrna_5s,
    num_trna as trna,
    completeness,
    contamination,
    quality_score,
    mimag_quality,
    otu_id as otu,
    lineage,
    lineage_rank(lineage, 'd') as domain,
    lineage_rank(lineage, 'p') as phylum,
    lineage_rank(lineage, 'c') as class,
    lineage_rank(lineage, 'o') as taxon_order,
    lineage_rank(lineage, 'f') as family,
    lineage_rank(lineage, 'g') as genus,
    lineage_rank(lineage, 's') as species,
    ecosystem,
    ecosystem_category,
    ecosystem_type,
    habitat,
    if(min(longitude) over same = max(longitude) over same, min(longitude) over same, null) as longitude,
    if(min(latitude) over same = max(latitude) over same, min(latitude) over same, null) as latitude,
    count(*) over same as listed
from raw.jgi_gems_genomes
window same as (partition by genome_id)
qualify row_number() over (partition by genome_id order by _resource, _record) = 1
