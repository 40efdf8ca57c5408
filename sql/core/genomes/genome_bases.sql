-- The bases of genomes that were fetched whole, in pieces of 65,536: bases_within() cuts a range out of them.
select accession, sequence, start, bases from raw.ncbi_bases
