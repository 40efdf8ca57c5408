-- One row a strain of AGORA's tables, with the genome it was built from, as far as a column of the table says it.
with
    told as (
        select
            *,
            case
                when assembly_accession(gcf) is not null
                then 'GCF ID'
                when assembly_accession(refseq) is not null
                then 'RefSeq ID'
                when assembly_accession(genome_link) is not null
                then 'Genome link'
            end as accession_from,
            coalesce(assembly_accession(gcf), assembly_accession(refseq), assembly_accession(genome_link)) as accession
        from raw.agora_strains
    ),
    same as (select strain_id, min(accession) as accession from told where collection = 'AGORA2' group by strain_id),
    found as (
        select
            t.* exclude (accession, accession_from),
            coalesce(t.accession, s.accession) as accession,
            coalesce(t.accession_from, if(s.accession is not null, 'AGORA2, the same strain', null)) as accession_from
        from told t
        left join same s on s.strain_id = t.strain_id
    )
select
    s.collection,
    s.strain_id,
    s.strain,
    s.species,
    s.genus,
    s.phylum,
    s.kingdom,
    s.host,
    s.version,
    try_cast(s.taxid as bigint) as taxid,
    s.oxygen,
    s.gram_staining,
    s.accession,
    s.accession_from,
    assembly_number(s.accession) as genome,
    g.genome is not null as has_genome,
    g.phylum as gtdb_phylum,
    g.species as gtdb_species,
    g.gtdb_release,
    g.completeness,
    case
        when s.accession is null
        then 'its table gives no accession'
        when g.genome is null
        then 'no archive of this lake has ' || s.accession
    end as unmatched_because
from found s
left join core.genomes g on g.genome = assembly_number(s.accession)
qualify row_number() over (partition by s.collection, s.strain_id order by s._record) = 1
