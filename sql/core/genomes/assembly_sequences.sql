-- The sequences of each assembly whose report was read: chromosomes, plasmids, scaffolds, with their accessions.
select
    accession,
    assembly_number(accession) as genome,
    name,
    role,
    molecule,
    location,
    genbank,
    refseq,
    relation = '=' as identical,
    unit,
    length,
    ucsc
from raw.ncbi_assembly_sequences
