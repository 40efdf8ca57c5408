-- One row a genome and release of GTDB, from its taxonomy, its metadata, or both.
with
    known as (
        select
            release,
            accession,
            lineage,
            null as representative,
            null as is_representative,
            null as checkm2_completeness,
            null as checkm2_contamination,
            null as checkm_completeness,
            null as checkm_contamination,
            null as genome_size,
            null as gc,
            null as contigs,
            null as n50,
            null as proteins,
            null as category,
            null as isolation_source
        from raw.gtdb_taxonomy
        union all
        select
            release,
            accession,
            lineage,
            gtdb_genome_representative,
            gtdb_representative,
            checkm2_completeness,
            checkm2_contamination,
            checkm_completeness,
            checkm_contamination,
            genome_size,
            gc_percentage,
            contig_count,
            n50_contigs,
            protein_count,
            ncbi_genome_category,
            ncbi_isolation_source
        from raw.gtdb_metadata
    ),
    each as (
        select
            release,
            accession,
            max(lineage) as lineage,
            count(distinct lineage) as lineages,
            max(representative) as representative,
            bool_or(is_representative) as is_representative,
            max(checkm2_completeness) as checkm2_completeness,
            max(checkm2_contamination) as checkm2_contamination,
            max(checkm_completeness) as checkm_completeness,
            max(checkm_contamination) as checkm_contamination,
            max(genome_size) as genome_size,
            max(gc) as gc,
            max(contigs) as contigs,
            max(n50) as n50,
            max(proteins) as proteins,
            max(category) as category,
            max(isolation_source) as isolation_source
        from known
        group by release, accession
    )
select
    release,
    try_cast(release as bigint) as release_number,
    accession as gtdb_id,
    assembly_accession(accession) as accession,
    coalesce(assembly_number(accession), accession) as genome,
    lineage,
    lineages,
    lineage_rank(lineage, 'd') as domain,
    lineage_rank(lineage, 'p') as phylum,
    lineage_rank(lineage, 'c') as class,
    lineage_rank(lineage, 'o') as taxon_order,
    lineage_rank(lineage, 'f') as family,
    lineage_rank(lineage, 'g') as genus,
    lineage_rank(lineage, 's') as species,
    assembly_accession(representative) as representative,
    is_representative,
    checkm2_completeness,
    checkm2_contamination,
    checkm_completeness,
    checkm_contamination,
    genome_size,
    gc,
    contigs,
    n50,
    proteins,
    category,
    isolation_source
from each
