-- Under which accessions archives have a genome: GenBank's and RefSeq's share nine digits.
select accession, genome, version, database as archive, null as release, status = 'latest' as current
from staging.assemblies
union all
select accession, genome, assembly_version(accession), 'GTDB', release, null
from staging.gtdb_genomes
where accession is not null
