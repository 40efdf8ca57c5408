-- One row a genome: what NCBI, GTDB and JGI's GEM catalogue know of it. GenBank's assembly and RefSeq's copy of it are
-- one genome, and so are the versions of an assembly; `..._from` says whose a value is. Nothing is averaged.
-- A genome of GEM is a row by its own id, and core.genome_same_as says which of NCBI's it is; so is one that only
-- GTDB has.
-- What no summary says of an assembly, its own report does, where that was fetched.
with
    ncbi as (
        select *
        from staging.assemblies
        qualify
            row_number() over (
                partition by genome order by status = 'latest' desc, database = 'RefSeq' desc, version desc
            )
            = 1
    ),
    pairs as (
        select
            genome,
            first(accession order by version desc) filter (where database = 'GenBank') as genbank,
            first(accession order by version desc) filter (where database = 'RefSeq') as refseq,
            first(paired order by version desc, paired) filter (where paired like 'GCA%') as paired_genbank,
            first(paired order by version desc, paired) filter (where paired like 'GCF%') as paired_refseq,
            count(distinct accession) as accessions
        from staging.assemblies
        group by genome
    ),
    gtdb as (
        select *
        from staging.gtdb_genomes
        where genome is not null
        qualify
            row_number() over (
                partition by genome
                order by release_number desc nulls first, genome_size is null, assembly_version(accession) desc, gtdb_id
            )
            = 1
    ),
    read as (
        select *
        from core.genome_statistics
        qualify row_number() over (partition by genome order by assembly_version(accession) desc, accession desc) = 1
    ),
    report as (
        select *
        from staging.assembly_report_facts
        qualify
            row_number() over (
                partition by genome order by assembly_version(accession) desc, accession like 'GCF%' desc, accession
            )
            = 1
    ),
    numbers as (
        select genome
        from ncbi
        union
        select genome
        from report
        union
        select genome
        from gtdb
        union
        select genome
        from read
        union
        select genome_id
        from staging.gem_genomes
    )
select
    g.genome,
    coalesce(n.accession, a.accession, t.accession, r.accession) as accession,
    coalesce(p.genbank, p.paired_genbank) as genbank,
    coalesce(p.refseq, p.paired_refseq) as refseq,
    coalesce(p.accessions, 0) as accessions,
    coalesce(n.organism, a.organism) as organism,
    if(n.organism is null, a.strain, n.strain) as strain,
    coalesce(n.taxid, a.taxid) as taxid,
    n.species_taxid,
    coalesce(n.level, a.level) as level,
    n.status,
    coalesce(n.released, a.released) as released,
    n.path,
    t.accession as gtdb_accession,
    t.release as gtdb_release,
    assembly_version(t.accession) = assembly_version(n.accession) as gtdb_same_version,
    coalesce(t.domain, m.domain) as domain,
    coalesce(t.phylum, m.phylum) as phylum,
    coalesce(t.class, m.class) as class,
    coalesce(t.taxon_order, m.taxon_order) as taxon_order,
    coalesce(t.family, m.family) as family,
    coalesce(t.genus, m.genus) as genus,
    coalesce(t.species, m.species) as species,
    case when t.lineage is not null then 'GTDB' when m.lineage is not null then 'GEM' end as lineage_from,
    t.representative,
    t.is_representative,
    coalesce(t.checkm2_completeness, t.checkm_completeness, m.completeness) as completeness,
    if(
        t.checkm2_completeness is not null, t.checkm2_contamination, coalesce(t.checkm_contamination, m.contamination)
    ) as contamination,
    case
        when t.checkm2_completeness is not null
        then 'GTDB, CheckM2'
        when t.checkm_completeness is not null
        then 'GTDB, CheckM'
        when m.completeness is not null
        then 'GEM, CheckM'
    end as completeness_from,
    coalesce(n.genome_size, a.genome_size, t.genome_size, r.length, m.genome_size) as genome_size,
    case
        when n.genome_size is not null
        then 'NCBI'
        when a.genome_size is not null
        then 'NCBI report'
        when t.genome_size is not null
        then 'GTDB'
        when r.length is not null
        then 'FASTA'
        when m.genome_size is not null
        then 'GEM'
    end as genome_size_from,
    coalesce(n.gc, t.gc, r.gc) as gc,
    case
        when n.gc is not null then 'NCBI' when t.gc is not null then 'GTDB' when r.gc is not null then 'FASTA'
    end as gc_from,
    coalesce(n.contigs, t.contigs, m.contigs) as contigs,
    case
        when n.contigs is not null
        then 'NCBI'
        when t.contigs is not null
        then 'GTDB'
        when m.contigs is not null
        then 'GEM'
    end as contigs_from,
    coalesce(t.n50, r.n50, m.n50) as n50,
    case
        when t.n50 is not null then 'GTDB' when r.n50 is not null then 'FASTA' when m.n50 is not null then 'GEM'
    end as n50_from,
    coalesce(n.coding_genes, t.proteins) as coding_genes,
    case when n.coding_genes is not null then 'NCBI' when t.proteins is not null then 'GTDB' end as coding_genes_from
from numbers g
left join ncbi n on n.genome = g.genome
left join report a on a.genome = g.genome
left join pairs p on p.genome = g.genome
left join gtdb t on t.genome = g.genome
left join read r on r.genome = g.genome
left join staging.gem_genomes m on m.genome_id = g.genome
