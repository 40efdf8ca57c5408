-- Accessions of assemblies, and lineages. NULL in, NULL out.

-- assembly_accession(said): the first accession with a version in a text: RS_GCF_000005845.2 is GCF_000005845.2.
CREATE MACRO assembly_accession(said) AS nullif(regexp_extract(said, 'GC[AF]_[0-9]{9}\.[0-9]+'), '');

-- assembly_number(said): the nine digits of an accession. GenBank's assembly (GCA) and RefSeq's copy of it (GCF) have the
-- same ones, whatever their versions: https://www.ncbi.nlm.nih.gov/datasets/docs/v2/policies-annotation/genbank-refseq/.
CREATE MACRO assembly_number(said) AS nullif(regexp_extract(said, 'GC[AF]_([0-9]{9})', 1), '');

-- assembly_version(said): the version of an accession, 2 of GCF_000005845.2.
CREATE MACRO assembly_version(said) AS
    CAST(nullif(regexp_extract(said, 'GC[AF]_[0-9]{9}\.([0-9]+)', 1), '') AS BIGINT);

-- lineage_rank(lineage, rank): of d__Bacteria;p__Bacillota;..., the name at a rank: one of d, p, c, o, f, g, s.
CREATE MACRO lineage_rank(lineage, rank) AS nullif(regexp_extract(lineage, '(?:^|;)' || rank || '__([^;]*)', 1), '');

-- bases_within(bases, start, first, last): of a piece of a sequence whose first base is at `start`, those from `first` to
-- `last`; counted from 1. string_agg over the pieces of core.genome_bases gives a range: docs/sources/ncbi.md.
CREATE MACRO bases_within(bases, start, first, last) AS
    substr(bases, greatest(first - start, 0) + 1, greatest(last - greatest(start, first) + 1, 0));
