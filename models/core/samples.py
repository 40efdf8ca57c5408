"""People's genomes: samples, files, populations."""

from typing import Annotated

from lake.contract import Between, OneOf, Pattern, Rule, Table, Unit


class GenomeFiles(Table, key="url", empty=True, tags="samples"):
    """Files of people's genomes that IGSR's indexes, trees and listings name."""

    url: str
    """Where it is, in one spelling"""
    sample: str | None
    """Whose; null where no list or several samples are said"""
    samples: int
    """How many samples its lists say"""
    data_type: Annotated[str, OneOf("reads", "alignment", "index", "statistics", "variants", "folder", "other")]
    """By the file's name"""
    format: str | None
    """What the file's name ends in, without its compression"""
    bytes: Annotated[int | None, Unit("byte"), Between(0, None)]
    """Size; null where no list says it to the byte, or lists disagree"""
    md5: Annotated[str | None, Pattern("[0-9a-f]{32}")]
    """MD5; null where no list says it, or lists disagree"""
    md5s: Annotated[int, Between(0, 1, "warn")]
    """How many different MD5s its lists say"""
    runs: list[str] | None
    """Runs (SRR, ERR, DRR)"""
    platform: str | None
    """Type of sequencing machine"""
    instrument: str | None
    """Model of sequencing machine"""
    read_count: Annotated[int | None, Between(0, None)]
    """Reads in it"""
    base_count: Annotated[int | None, Unit("bp"), Between(0, None)]
    """Bases in it"""
    analysis_group: str | None
    """Which set of data it belongs to, as the index says"""
    withdrawn: bool
    """Whether an index says that it was withdrawn"""
    lists: list[str]
    """Indexes, trees and listings that name it"""


class Samples(Table, key="sample", empty=True, tags="samples"):
    """People whose genomes IGSR has, of all lists that name them."""

    sample: str
    """HG00096, NA12878 ..."""
    biosample: str | None
    """BioSample accession"""
    sex: Annotated[str | None, OneOf("female", "male")]
    """Sex"""
    population: str | None
    """Code of the population; from an index where no list of samples says it"""
    population_name: str | None
    """Name of the population"""
    superpopulation: str | None
    """Code of the superpopulation"""
    superpopulation_name: str | None
    """Name of the superpopulation"""
    family: str | None
    """Family"""
    father: str | None
    """Father, where he is a sample"""
    mother: str | None
    """Mother, where she is a sample"""
    collections: list[str]
    """Collections that have data of it, as the portal says"""
    platforms: list[str]
    """Types of machine that sequenced it, as the indexes say"""
    files: Annotated[int, Between(0, None)]
    """Its files in core.genome_files"""
    sample_lists: list[str]
    """Lists of samples that know it"""
    file_lists: list[str]
    """Indexes, trees and listings that know it"""
    disagreements: list[str]
    """What the lists of samples say differently"""


class SampleGaps(
    Table,
    key=("list", "other"),
    rules=(Rule("samples = shared + missing", "samples = shared + missing"),),
    empty=True,
    tags="samples",
):
    """Each list of samples or files held against each other, both ways."""

    list: str
    """A list"""
    other: str
    """The one it is held against"""
    samples: int
    """Samples of the list"""
    shared: int
    """Of these, how many the other has"""
    missing: Annotated[int, Between(0, None)]
    """And how many it has not"""
    missing_samples: "list[str]"
    """Which"""


class SampleBalance(Table, key=("list", "superpopulation", "population"), empty=True, tags="samples"):
    """Samples of each population in each list."""

    list: str
    """A list of samples or files, or all of them"""
    superpopulation: str
    """Its code, or its name where it has none; "not said" where no list does"""
    population: str
    """Its code, or its name where it has none; "not said" where no list does"""
    samples: Annotated[int, Between(1, None)]
    """Samples"""
    females: int
    """Of these female"""
    males: int
    """Of these male"""
    sex_not_said: int
    """Of these without a sex in any list"""
    families: int
    """Families that pedigrees say"""
    with_files: int
    """Of these in an index, tree or listing"""
    share: Annotated[float, Unit("1"), Between(0, 1)]
    """Of the list's samples"""
