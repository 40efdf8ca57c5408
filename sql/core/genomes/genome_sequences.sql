-- One row a sequence of a genome that was fetched whole.
select
    accession,
    assembly_number(accession) as genome,
    sequence,
    title,
    length,
    gc / nullif(length - unknown, 0) * 100 as gc,
    unknown
from raw.ncbi_sequences
