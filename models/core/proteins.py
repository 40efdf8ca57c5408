"""Proteins, and what they are in other databases."""

from typing import Annotated

from lake.contract import Between, Pattern, References, Table, Unit


class Proteins(Table, key="accession", empty=True, tags="uniprot"):
    """Entries of UniProt, the newest version of each."""

    accession: Annotated[str, Pattern(r"[OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d([A-Z][A-Z0-9]{2}\d){1,2}")]
    """Primary accession: P0A7D4"""
    entry_name: str | None
    """PURA_ECOLI; null where the answer was not asked for it, as every column from here on"""
    reviewed: bool | None
    """Whether it is of Swiss-Prot; otherwise of TrEMBL"""
    name: str | None
    """Recommended or submitted name; of TSV all names in one text"""
    gene: str | None
    """Primary name of its first gene"""
    ordered_loci: list[str] | None
    """Ordered locus names of its genes, sorted"""
    organism: str | None
    """Scientific name, common name and synonyms behind it in parentheses"""
    taxon_id: int | None
    """In the NCBI taxonomy"""
    length: Annotated[int | None, Unit("1"), Between(1, None)]
    """Amino acids of the sequence"""
    mass: Annotated[int | None, Unit("dalton"), Between(1, None)]
    """Of the sequence without modifications"""
    fragment: bool | None
    """Whether the sequence is not complete"""
    existence: Annotated[int | None, Between(1, 5)]
    """1 evidence of the protein, 2 of a transcript, 3 homology, 4 predicted, 5 uncertain"""
    ec_numbers: list[str] | None
    """EC numbers, sorted; partial ones as they are"""
    version: int | None
    """Of the entry"""
    sequence_version: int | None
    """Of the sequence"""
    checksum: str | None
    """CRC64 of the sequence; TSV does not have it"""
    modified: str | None
    """Day of its last change"""


class ProteinXrefs(Table, key=("accession", "database", "id"), empty=True, tags="uniprot"):
    """What UniProt's entries refer to in other databases."""

    accession: Annotated[str, References("core.proteins.accession")]
    """The entry"""
    database: str
    """KEGG, EC, GO, EMBL (which ENA, GenBank and DDBJ share), RefSeq, PDB, ..."""
    id: str
    """Id there: eco:b0002, 1.1.1.1, GO:0005829, U00096"""
    protein_ids: list[str] | None
    """Of EMBL: the proteins that the nucleotide entry codes for, with their versions, sorted; null where not told"""


class ProteinGenes(Table, key=("accession", "gene_id"), empty=True, tags=("uniprot", "kegg")):
    """Which genes of core.genes code for a protein, by UniProt's references to KEGG."""

    accession: Annotated[str, References("core.proteins.accession")]
    """The protein"""
    gene_id: Annotated[str, References("core.genes.gene_id")]
    """The gene: eco:b0002"""


class ProteinReactions(Table, key=("accession", "ec_number", "reaction_id"), empty=True, tags=("uniprot", "kegg")):
    """Which reactions of core.reactions a protein's EC numbers stand for."""

    accession: Annotated[str, References("core.proteins.accession")]
    """The protein"""
    ec_number: Annotated[str, Pattern(r"\d+\.\d+\.\d+\.n?\d+")]
    """By which number"""
    reaction_id: Annotated[str, References("core.reactions.reaction_id")]
    """KEGG reaction"""
