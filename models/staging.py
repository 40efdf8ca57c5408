"""One raw table each, or one step on from it: names, types, units."""

from typing import Annotated

from lake.contract import Pattern, Table


class KgmlPairs(Table, empty=True):
    """Each substrate x product pair of each reaction element of a KGML file, before duplicates go."""

    pathway_id: str
    """The file's pathway"""
    reaction: int
    """Which reaction element of the file, from 0"""
    entry_id: int | None
    """The entry that carries it; may match none"""
    reaction_id: Annotated[str, Pattern(r"R\d{5}")]
    """KEGG reaction"""
    substrate: Annotated[str, Pattern(r"[CGD]\d{5}")]
    """Compound, glycan or drug"""
    product: Annotated[str, Pattern(r"[CGD]\d{5}")]
    """Compound, glycan or drug"""
    reversible: bool
    """Whether KGML draws it both ways"""
