"""Planets, their runs, and what each catalogue says of them."""

import datetime
from typing import Annotated

from lake.contract import Between, OneOf, References, Rule, Split, Table, Term, Unit

_CATALOGUE = OneOf("nasa.pscomppars", "nasa.nssdca", "exoplanet.eu", "open_exoplanets")
_QUANTITY = OneOf(
    *("orbital_period", "semi_major_axis", "radius", "mass", "minimum_mass", "eccentricity", "inclination"),
    *("insolation", "equilibrium_temperature", "star_temperature", "star_radius", "star_mass", "star_metallicity"),
    *("star_gravity", "star_age", "distance"),
)
_ONE_UNIT = Rule("one unit a quantity", "unit = planet_unit(quantity)")


class Planets(Table, key="planet", tags="planets"):
    """Confirmed planets, one a row."""

    planet: Annotated[str, Term("ENVO:01000800")]
    """Name, as the NASA Exoplanet Archive writes it"""
    star: Annotated[str, Term("ENVO:01000801")]
    """Host star"""
    catalogue: Annotated[str, OneOf("nasa.pscomppars", "nasa.nssdca")]
    """Where the planet stands: the archive's table of composite parameters, or seeds.solar_system"""
    stars: int | None
    """How many stars the system has"""
    planets: int | None
    """How many planets are known in it"""
    discovery_method: str | None
    """How it was found"""
    discovery_year: Annotated[int | None, Between(1900, 2100)]
    """When"""
    discovery_facility: str | None
    """Where"""
    controversial: bool | None
    """Whether its existence is doubted in the literature"""
    spectral_type: str | None
    """Of the star"""
    right_ascension: Annotated[float | None, Unit("degree"), Between(0, 360)]
    """J2000"""
    declination: Annotated[float | None, Unit("degree"), Between(-90, 90)]
    """J2000"""
    distance: Annotated[float | None, Unit("parsec"), Between(0, 20000, "warn")]
    """From the Sun"""
    solutions: int
    """How many publications of its parameters the archive's table ps has"""
    default_reference: str | None
    """The publication among them that the archive takes first"""
    default_reference_url: str | None
    """Where it is"""


class PlanetCandidates(Table, key=("catalogue", "candidate"), empty=True, tags="planets"):
    """Objects of interest of Kepler and TESS."""

    catalogue: Annotated[str, OneOf("cumulative", "toi")]
    """The archive's table"""
    candidate: str
    """K00752.01, TOI-700.02"""
    planet: str | None
    """Kepler's name of it; the catalogue of planets may call it otherwise"""
    star_id: str | None
    """In the Kepler (KIC) or TESS (TIC) Input Catalog"""
    disposition: str | None
    """As the archive has it"""
    status: Annotated[str | None, OneOf("confirmed", "candidate", "false positive")]
    """The same in one word for both catalogues; known planets count as confirmed, false alarms as false positives"""
    score: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Confidence in the disposition; Kepler only"""
    orbital_period: Annotated[float | None, Unit("day")]
    """Orbital period"""
    radius: Annotated[float | None, Unit("earth_radius")]
    """Radius"""
    equilibrium_temperature: Annotated[float | None, Unit("K")]
    """Equilibrium temperature"""
    insolation: Annotated[float | None, Unit("earth_insolation")]
    """Insolation, in that of Earth"""


class PlanetRuns(Table, key="planet_run_key"):
    """One planet in one scenario and run: what every modality is joined by."""

    planet_run_key: Annotated[int, Between(0, None)]
    """planet_run_key(planet, kind, model, scenario, run)"""
    planet: Annotated[str, References("core.planets.planet", "warn")]
    """The planet"""
    kind: Annotated[str, OneOf("observed", "reanalysis", "simulation")]
    """Whether it was observed, simulated, or both: a reanalysis of the Earth"""
    model: str
    """The climate model, or the catalogue"""
    scenario: str
    """What was simulated"""
    run: str
    """Which member"""
    star: str
    """Host star: what the split goes by; star_of(planet) where no catalogue has the planet"""
    split: Annotated[str, Split("star", train=80, validation=10, test=10)]
    """split_of(star)"""
    synthetic: bool
    """Whether the numbers were made up to show the software"""
    cube: str | None
    """Digest of its cube"""


class PlanetEntries(Table, key=("catalogue", "entry"), empty=True, tags="planets"):
    """Each planet of each catalogue, and which planet of the lake it is."""

    catalogue: Annotated[str, _CATALOGUE]
    """The catalogue"""
    entry: str
    """The planet's first name there"""
    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet: the NASA archive's name of it where it has one"""
    matched_by: Annotated[str | None, OneOf("name", "alternate", "star", "component")]
    """Which sort of the entry's names told so: staging.planet_names.basis; null where it is a planet of its own"""
    alias: str | None
    """The alias that told so"""
    ambiguous: bool
    """Whether its names stand for several planets, or other entries' as well: it is then a planet of its own"""
    star: str | None
    """Its star or binary there"""
    status: str | None
    """Confirmed, Controversial, Retracted ... in the catalogue's own words"""
    discovery_method: str | None
    """In the catalogue's own words"""
    discovery_year: int | None
    """When"""
    updated: datetime.date | None
    """When the catalogue last changed it, where it tells"""


class PlanetNames(Table, key=("alias", "planet", "catalogue"), empty=True, tags="planets"):
    """From a name to the planet: `where alias = alias_of('TRAPPIST-1e')`."""

    alias: str
    """alias_of(name): without what catalogues write differently"""
    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet"""
    catalogue: Annotated[str, _CATALOGUE]
    """Who calls it so"""
    name: str
    """As it is written there, or made: see basis"""
    basis: Annotated[str, OneOf("name", "alternate", "star", "component")]
    """First name, another one, made of another name of its star, or with a star's letter left out"""
    planets: Annotated[int, Between(1, None)]
    """How many planets have the alias: more than 1 resolves nothing alone"""


class PlanetCatalogues(Table, key="planet", empty=True, tags="planets"):
    """Planets of any catalogue, one a row: core.planets and those that it does not have."""

    planet: str
    """The planet: the NASA archive's name where it has one, then exoplanet.eu's"""
    nasa: str | None
    """Its entry in the NASA archive (core.planets)"""
    exoplanet_eu: str | None
    """Its entry in exoplanet.eu"""
    open_exoplanets: str | None
    """Its entry in the Open Exoplanet Catalogue"""
    catalogues: Annotated[int, Between(1, 3)]
    """How many have it"""
    alone: Annotated[str | None, _CATALOGUE]
    """The catalogue that alone has it; null where several have it, or only one catalogue was landed"""
    status: str | None
    """Confirmed, Candidate, Retracted ...: the NASA archive's word, else exoplanet.eu's, else Open Exoplanet's"""
    ambiguous: bool
    """Whether an entry of it might be another planet: see core.planet_entries"""


class PlanetValues(Table, key=("planet", "catalogue", "quantity"), rules=(_ONE_UNIT,), empty=True, tags="planets"):
    """What each catalogue says of each planet and its star, in one unit a quantity."""

    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet"""
    catalogue: Annotated[str, _CATALOGUE]
    """Who says it"""
    quantity: Annotated[str, _QUANTITY]
    """What is told"""
    value: float
    """In `unit`; a limit where limit_flag is not 0"""
    upper: Annotated[float | None, Between(0, None)]
    """Upper uncertainty, in `unit`"""
    lower: Annotated[float | None, Between(None, 0)]
    """Lower uncertainty, in `unit`"""
    limit_flag: Annotated[int, Between(-1, 1)]
    """0 a measurement, 1 an upper and -1 a lower limit"""
    lower_limit: float | None
    """The other end of a range whose upper end is `value`, in `unit`; null where it is no range"""
    unit: str
    """planet_unit(quantity)"""
    kind: str | None
    """What sort of value it is, where the catalogue tells: calculated from the mass, surface or equilibrium ..."""
    given_value: float
    """As the catalogue gives it, in `given_unit`"""
    given_unit: str
    """The catalogue's own unit"""
    entry: str
    """The planet's first name there"""
    origin: str
    """The table that it stands in"""


class PlanetDisagreements(
    Table,
    key=("planet", "quantity", "catalogue_a", "catalogue_b"),
    rules=(_ONE_UNIT, Rule("they differ", "difference <> 0"), Rule("each pair once", "catalogue_a < catalogue_b")),
    empty=True,
    tags="planets",
):
    """Where two catalogues do not give the same number: both values, side by side."""

    planet: Annotated[str, References("core.planet_catalogues.planet")]
    """The planet"""
    quantity: Annotated[str, _QUANTITY]
    """What is told"""
    catalogue_a: Annotated[str, _CATALOGUE]
    """One catalogue"""
    catalogue_b: Annotated[str, _CATALOGUE]
    """The other"""
    value_a: float
    """What the one says, in `unit`"""
    value_b: float
    """What the other says, in `unit`"""
    unit: str
    """planet_unit(quantity)"""
    ratio: Annotated[float | None, Unit("1")]
    """value_a / value_b; null where value_b is 0, and of logarithms"""
    difference: float
    """value_a - value_b, in `unit`"""
    uncertainty: Annotated[float | None, Between(0, None)]
    """The one's uncertainty towards the other and the other's towards it, added, in `unit`"""
    beyond: bool | None
    """Whether they differ by more; null where one of them has no uncertainty on that side"""
    kind_a: str | None
    """What sort of value the one is: m sin(i) may stand beside a mass"""
    kind_b: str | None
    """The same of the other"""
