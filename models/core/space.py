"""Studies and samples of life in space."""

from typing import Annotated

from lake.contract import Between, Table


class SpaceStudies(Table, key="study", empty=True, tags="astrobiology"):
    """Studies of NASA's Open Science Data Repository: life in space and under its conditions."""

    study: str
    """OSD-1"""
    released_year: Annotated[int | None, Between(1990, 2100, "warn")]
    """When it was released"""
    platform: str | None
    """Affymetrix, Illumina, ..."""
    technology: str | None
    """DNA microarray, RNA sequencing, ..."""
    measurement: str | None
    """transcription profiling, ..."""
    organisms: list[str]
    """As the repository names them"""
    factors: list[str]
    """What was varied"""
    samples: int
    """How many samples the sheets of it name that were asked for"""


class SpaceSamples(Table, empty=True, tags="astrobiology"):
    """What sheets say of samples, a cell a row."""

    study: str
    """GLDS-120 or OSD-120, as the sheet is called"""
    sample: str
    """Sample Name"""
    kind: str
    """Factor Value, Parameter Value, Characteristics, ...; other for plain columns"""
    attribute: str
    """Which"""
    value: str
    """As it stands"""
