"""Small tables that are kept in the project."""

from typing import Annotated

from lake.contract import Between, OneOf, Pattern, Rule, Table, Unit

_UNITS = Rule(
    "unit fits quantity",
    "unit = CASE quantity WHEN 'ph' THEN '1' WHEN 'o2' THEN '1' WHEN 'temperature' THEN 'K' WHEN 'redox' THEN 'V' END",
)
_RANGE = Rule("value within its range", "value BETWEEN coalesce(low, value) AND coalesce(high, value) AND low <= high")
_SAYS = Rule("gives a value or a range", "coalesce(value, low, high) IS NOT NULL")
_HABITAT = Rule("a habitat has a range", "basis <> 'habitat' OR coalesce(low, high) IS NOT NULL")


class EnvironmentRules(Table, key="rule_id", rules=(_UNITS, _RANGE, _SAYS, _HABITAT), tags="kegg"):
    """Where a pathway's environment comes from, each value with its citation: see docs/environment.md."""

    rule_id: Annotated[str, Pattern(r"[a-z0-9_]+")]
    """Name of the rule"""
    priority: int
    """The lowest that matches wins; then the first by name"""
    match_on: Annotated[str, OneOf("pathway", "name", "class", "subclass", "overview_map")]
    """What the pattern is held against. `pathway`: a whole id; the others: reference pathways only"""
    pattern: str
    """RE2 pattern; for overview_map, the map's id"""
    quantity: Annotated[str, OneOf("ph", "temperature", "o2", "redox")]
    """What it tells"""
    value: float | None
    """In `unit`; null where the source gives a range alone"""
    low: float | None
    """Lower end, where the source gives one"""
    high: float | None
    """Upper end, where the source gives one"""
    unit: str
    """1, K or V"""
    basis: Annotated[str, OneOf("standard state", "cell", "body", "habitat")]
    """What it is a value of: a reference state, the inside of cells, a body, or where the pathway lives"""
    citation: Annotated[str, Pattern(r".{20,}")]
    """The source"""
    note: str
    """What the value is, and is not"""


class SolarSystem(Table, key="planet", tags="planets"):
    """Planets of the Sun that climate models simulate, in the units of the catalogues of exoplanets."""

    planet: str
    """Name"""
    star: Annotated[str, OneOf("Sun")]
    """Host star"""
    catalogue: str
    """Where the planet's numbers are from"""
    orbital_period: Annotated[float, Unit("day"), Between(80, 70_000)]
    """Sidereal"""
    semi_major_axis: Annotated[float, Unit("au"), Between(0.3, 31)]
    """Semi-major axis"""
    radius: Annotated[float, Unit("earth_radius"), Between(0.3, 12)]
    """Equatorial"""
    mass: Annotated[float, Unit("earth_mass"), Between(0.05, 320)]
    """Mass"""
    eccentricity: Annotated[float, Unit("1"), Between(0, 0.3)]
    """Eccentricity"""
    insolation: Annotated[float, Unit("earth_insolation"), Between(0, 10)]
    """Insolation"""
    equilibrium_temperature: Annotated[float | None, Unit("K"), Between(30, 500)]
    """With the planet's own Bond albedo"""
    star_temperature: Annotated[float, Unit("K")]
    """Nominal"""
    star_radius: Annotated[float, Unit("solar_radius")]
    """By definition"""
    star_mass: Annotated[float, Unit("solar_mass")]
    """By definition"""
    star_metallicity: Annotated[float, Unit("dex")]
    """By definition"""
    star_gravity: Annotated[float, Unit("dex")]
    """log10 of GM / R^2 in cm/s^2, nominal"""
    citation: Annotated[str, Pattern(r".{20,}")]
    """The source"""


class ClimateVariables(Table, key=("quantity", "priority"), tags="climate"):
    """By which names climate models give a quantity."""

    quantity: Annotated[str, OneOf("surface_temperature", "precipitation", "surface_pressure", "outgoing_longwave")]
    """What it tells"""
    priority: int
    """The lowest that a run has is taken"""
    match_on: Annotated[str, OneOf("standard_name", "variable")]
    """What the name is held against"""
    name: Annotated[str, Pattern(r"[a-z0-9_]+")]
    """CF standard name, or the variable's name in lower case"""
    citation: Annotated[str, Pattern(r".{20,}")]
    """Who calls it so"""


class ProcessNotes(Table, key="note", empty=True, tags="notes"):
    """How data was made, by hand and with its source: `lake note`, docs/notes.md."""

    note: Annotated[str, Pattern(r"[0-9a-f]{16}")]
    """Digest of kind, subject, and DOI, URL or statement"""
    kind: Annotated[
        str,
        OneOf(
            "experimental_provenance",
            "observational_context",
            "computational_lineage",
            "methodological_evolution",
            "quality_control",
            "decision",
            "systematic_bias",
            "failed_experiment",
        ),
    ]
    """What it tells"""
    about: str
    """Table, column or source that it is about"""
    statement: str
    """In a sentence"""
    doi: Annotated[str | None, Pattern(r"10\..+")]
    """Of what it rests on"""
    url: Annotated[str | None, Pattern(r"https?://.+")]
    """Likewise, where there is no DOI"""
    title: str | None
    """Of that work"""
    year: int | None
    """Of that work"""
    publisher: str | None
    """Of that work: the journal"""


class NoteTargets(Table, key="kind", tags="notes"):
    """How many notes of each kind there should be."""

    kind: str
    """As in seeds.process_notes"""
    target: Annotated[int, Between(1, None)]
    """How many"""
    meaning: str
    """What notes of this kind tell"""
