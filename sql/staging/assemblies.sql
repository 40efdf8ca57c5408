-- One row an accession: of several summaries that list it, the one that says most.
select
    accession,
    assembly_number(accession) as genome,
    assembly_version(accession) as version,
    if(accession like 'GCF%', 'RefSeq', 'GenBank') as database,
    coalesce(status, 'not said') as status,
    organism,
    taxid,
    species_taxid,
    coalesce(nullif(regexp_replace(infraspecific, '^strain=', ''), ''), isolate) as strain,
    level,
    refseq_category as category,
    strptime(released, '%Y/%m/%d')::date as released,
    submitter,
    paired,
    paired_as = 'identical' as paired_identical,
    excluded,
    type_material,
    replace(rtrim(path, '/'), 'ftp://', 'https://') as path,
    genome_size,
    gc,
    scaffolds,
    contigs,
    genes,
    coding_genes
from raw.ncbi_assemblies
where assembly_number(accession) is not null
qualify
    row_number() over (
        partition by accession order by genome_size is null, status = 'latest' desc, released desc, _resource, _record
    )
    = 1
