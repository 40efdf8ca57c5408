-- What NCBI's assembly report says of an assembly, one row each. Its length is that of the primary assembly, as NCBI
-- counts genome_size: alternate loci, patches and organelles are left out.
with
    said as (
        select
            accession,
            max(value) filter (where property = 'Organism name') as organism,
            max(value) filter (where property = 'Infraspecific name') as infraspecific,
            max(value) filter (where property = 'Taxid') as taxid,
            max(value) filter (where property = 'Assembly level') as level,
            max(value) filter (where property = 'Date') as released
        from raw.ncbi_assembly_reports
        where assembly_number(accession) is not null
        group by accession
    ),
    measured as (
        select accession, sum(length) filter (where unit = 'Primary Assembly')::bigint as genome_size
        from raw.ncbi_assembly_sequences
        group by accession
    )
select
    s.accession,
    assembly_number(s.accession) as genome,
    regexp_replace(s.organism, ' \([^()]*\)$', '') as organism,
    nullif(regexp_extract(s.infraspecific, '^strain=(.*)$', 1), '') as strain,
    try_cast(s.taxid as bigint) as taxid,
    s.level,
    try_cast(s.released as date) as released,
    m.genome_size
from said s
left join measured m on m.accession = s.accession
