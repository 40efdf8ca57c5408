"""What models train on."""

from typing import Annotated, Any

from pydantic import Field

from lake.contract import Between, Normalise, OneOf, Pattern, References, Rule, SqlType, Table, Term, Unit

_RULE = References("seeds.environment_rules.rule_id")
_BASIS = OneOf("standard state", "cell", "body", "habitat")
_QUANTITIES = ("ph", "temperature", "o2", "redox")
_STATUS = Rule(
    "status says whether a rule matched",
    "(status = 'by rule') = (coalesce(ph_rule, temperature_rule, o2_rule, redox_rule) IS NOT NULL)",
)
_SYNTHETIC = Rule("says that it is synthetic", "synthetic")
_REASONS = (
    "temperature and oxygen fit",
    "temperature outside the limits of life",
    "temperature outside the range of the pathway",
    "oxygen outside the range of the pathway",
    "no rule tells the temperatures of the pathway",
    "no rule tells the oxygen of the pathway",
    "the oxygen of the planet-run is not known",
)


def _range(quantity: str) -> Rule:
    inside = f"{quantity} BETWEEN coalesce({quantity}_low, {quantity}) AND coalesce({quantity}_high, {quantity})"
    cited = f"({quantity}_rule IS NOT NULL OR coalesce({quantity}, {quantity}_low, {quantity}_high) IS NULL)"
    return Rule(f"{quantity} within its range and by a rule", f"coalesce({inside}, true) AND {cited}")


def _upper(unit: str) -> Any:
    return Annotated[float | None, Unit(unit), Between(0, None, "warn"), Field(description="Upper uncertainty, >= 0")]


def _lower(unit: str) -> Any:
    return Annotated[float | None, Unit(unit), Between(None, 0, "warn"), Field(description="Lower uncertainty, <= 0")]


def _limit_value(unit: str) -> Any:
    return Annotated[float | None, Unit(unit), Field(description="The limit, where there is no measurement")]


_Limit = Annotated[
    int | None, Between(-1, 1), Field(description="Limit flag: 0 a measurement, 1 an upper and -1 a lower limit")
]


class EnvVectors(Table, key="pathway_id", rules=(*map(_range, _QUANTITIES), _STATUS), tags="kegg"):
    """The environment of each pathway, each quantity by a cited rule; null where no rule tells it."""

    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """The pathway"""
    ph: Annotated[float | None, Unit("1"), Between(-2, 16), Term("PATO:0001842")]
    """pH; null where the rule gives a range alone"""
    ph_low: Annotated[float | None, Unit("1"), Between(-2, 16)]
    """Lower end of the range; null where the rule gives none"""
    ph_high: Annotated[float | None, Unit("1"), Between(-2, 16)]
    """Upper end of the range; null where the rule gives none"""
    ph_basis: Annotated[str | None, _BASIS]
    """What these are values of"""
    ph_rule: Annotated[str | None, _RULE]
    """The rule that gave them"""
    temperature: Annotated[float | None, Unit("K"), Between(200, 500), Term("PATO:0000146")]
    """Temperature; null where the rule gives a range alone"""
    temperature_low: Annotated[float | None, Unit("K"), Between(200, 500)]
    """Lower end of the range; null where the rule gives none"""
    temperature_high: Annotated[float | None, Unit("K"), Between(200, 500)]
    """Upper end of the range; null where the rule gives none"""
    temperature_basis: Annotated[str | None, _BASIS]
    """What these are values of"""
    temperature_rule: Annotated[str | None, _RULE]
    """The rule that gave them"""
    o2: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Mole fraction of oxygen; null where the rule gives a range alone"""
    o2_low: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Lower end of the range; null where the rule gives none"""
    o2_high: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Upper end of the range; null where the rule gives none"""
    o2_basis: Annotated[str | None, _BASIS]
    """What these are values of"""
    o2_rule: Annotated[str | None, _RULE]
    """The rule that gave them"""
    redox: Annotated[float | None, Unit("V"), Between(-2, 2)]
    """Redox potential against the standard hydrogen electrode; null where the rule gives a range alone"""
    redox_low: Annotated[float | None, Unit("V"), Between(-2, 2)]
    """Lower end of the range; null where the rule gives none"""
    redox_high: Annotated[float | None, Unit("V"), Between(-2, 2)]
    """Upper end of the range; null where the rule gives none"""
    redox_basis: Annotated[str | None, _BASIS]
    """What these are values of"""
    redox_rule: Annotated[str | None, _RULE]
    """The rule that gave them"""
    status: Annotated[str, OneOf("by rule", "no rule")]
    """Whether any rule matched"""


class PathwayOverviews(Table, key=("overview", "number"), empty=True, tags="kegg"):
    """Which pathways belong to an overview map, by the ids of its image."""

    overview: Annotated[str, Pattern(r"map\d{5}")]
    """The overview map"""
    number: Annotated[str, Pattern(r"\d{5}")]
    """Number of a pathway that it links to or shares reactions with"""
    is_linked: bool
    """Whether it is the map itself, or the image links to it"""
    shared: Annotated[int, Between(0, None)]
    """How many of the pathway's reactions stand in the image"""
    reactions: Annotated[int, Between(0, None)]
    """How many reactions the pathway has"""
    is_member: bool
    """Whether it is linked, or at least half of its reactions stand in the image"""


class FeasiblePathways(Table, key=("planet_run_key", "pathway_id"), empty=True):
    """Which pathways could run in a planet-run's environment, as far as it is known."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet-run"""
    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """A reference pathway of which it is known where it lives"""
    temperature: Annotated[float, Unit("K"), Between(0, 20000, "warn"), Term("PATO:0000146")]
    """The planet-run's temperature: of equilibrium, or the global mean at the surface"""
    temperature_low: Annotated[float, Unit("K"), Between(0, 20000, "warn")]
    """Lower end of its error bar, or the coldest place and time"""
    temperature_high: Annotated[float, Unit("K"), Between(0, 20000, "warn")]
    """Upper end of its error bar, or the hottest place and time"""
    temperature_kind: Annotated[str, OneOf("equilibrium", "surface")]
    """Which of its temperatures: they are not the same"""
    feasible: bool | None
    """As the macro feasible() says; null: not known"""
    reason: Annotated[str, OneOf(*_REASONS)]
    """What decided, or is missing"""


class PlanetParams(Table, key="planet_run_key", tags="planets"):
    """What is known of each planet-run's planet and star, with error bars; limits apart from measurements."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet-run"""
    planet: Annotated[str, References("core.planets.planet")]
    """The planet"""
    star: str
    """Host star"""
    source: str
    """The catalogue that it is from"""
    orbital_period: Annotated[float | None, Unit("day"), Normalise("log"), Between(0, 1_000_000_000, "warn")]
    """Orbital period; null where it is only a limit"""
    orbital_period_upper: _upper("day")
    orbital_period_lower: _lower("day")
    orbital_period_limit_value: _limit_value("day")
    orbital_period_limit: _Limit
    semi_major_axis: Annotated[float | None, Unit("au"), Normalise("log"), Between(0, 100_000, "warn")]
    """Semi-major axis, or separation on the sky of planets found by imaging or microlensing; null where only a limit"""
    semi_major_axis_upper: _upper("au")
    semi_major_axis_lower: _lower("au")
    semi_major_axis_limit_value: _limit_value("au")
    semi_major_axis_limit: _Limit
    radius: Annotated[
        float | None, Unit("earth_radius"), Normalise("log"), Between(0, 200, "warn"), Term("PATO:0002390")
    ]
    """Radius; null where it is only a limit"""
    radius_upper: _upper("earth_radius")
    radius_lower: _lower("earth_radius")
    radius_limit_value: _limit_value("earth_radius")
    radius_limit: _Limit
    mass: Annotated[
        float | None, Unit("earth_mass"), Normalise("log"), Between(0, 100_000, "warn"), Term("PATO:0000125")
    ]
    """Mass, of the kind that mass_kind says; null where it is only a limit"""
    mass_upper: _upper("earth_mass")
    mass_lower: _lower("earth_mass")
    mass_limit_value: _limit_value("earth_mass")
    mass_limit: _Limit
    eccentricity: Annotated[float | None, Unit("1"), Normalise("standard"), Between(0, 1, "warn")]
    """Eccentricity; null where it is only a limit"""
    eccentricity_upper: _upper("1")
    eccentricity_lower: _lower("1")
    eccentricity_limit_value: _limit_value("1")
    eccentricity_limit: _Limit
    insolation: Annotated[float | None, Unit("earth_insolation"), Normalise("log"), Between(0, 10_000_000, "warn")]
    """Insolation; null where it is only a limit"""
    insolation_upper: _upper("earth_insolation")
    insolation_lower: _lower("earth_insolation")
    insolation_limit_value: _limit_value("earth_insolation")
    insolation_limit: _Limit
    equilibrium_temperature: Annotated[
        float | None, Unit("K"), Normalise("log"), Between(0, 20_000, "warn"), Term("PATO:0000146")
    ]
    """Equilibrium temperature, as published: with the albedo that its authors took; null where it is only a limit"""
    equilibrium_temperature_upper: _upper("K")
    equilibrium_temperature_lower: _lower("K")
    equilibrium_temperature_limit_value: _limit_value("K")
    equilibrium_temperature_limit: _Limit
    star_temperature: Annotated[float | None, Unit("K"), Normalise("standard"), Between(100, 300_000, "warn")]
    """Effective temperature of the star; null where it is only a limit"""
    star_temperature_upper: _upper("K")
    star_temperature_lower: _lower("K")
    star_temperature_limit_value: _limit_value("K")
    star_temperature_limit: _Limit
    star_radius: Annotated[float | None, Unit("solar_radius"), Normalise("log"), Between(0, 2000, "warn")]
    """Radius of the star; null where it is only a limit"""
    star_radius_upper: _upper("solar_radius")
    star_radius_lower: _lower("solar_radius")
    star_radius_limit_value: _limit_value("solar_radius")
    star_radius_limit: _Limit
    star_mass: Annotated[float | None, Unit("solar_mass"), Normalise("log"), Between(0, 300, "warn")]
    """Mass of the star; null where it is only a limit"""
    star_mass_upper: _upper("solar_mass")
    star_mass_lower: _lower("solar_mass")
    star_mass_limit_value: _limit_value("solar_mass")
    star_mass_limit: _Limit
    star_metallicity: Annotated[float | None, Unit("dex"), Normalise("standard"), Between(-6, 2, "warn")]
    """Metallicity of the star, log10 in that of the Sun; null where it is only a limit"""
    star_metallicity_upper: _upper("dex")
    star_metallicity_lower: _lower("dex")
    star_metallicity_limit_value: _limit_value("dex")
    star_metallicity_limit: _Limit
    star_gravity: Annotated[float | None, Unit("dex"), Normalise("standard"), Between(-2, 10, "warn")]
    """log10 of the star's surface gravity in cm/s^2; null where it is only a limit"""
    star_gravity_upper: _upper("dex")
    star_gravity_lower: _lower("dex")
    star_gravity_limit_value: _limit_value("dex")
    star_gravity_limit: _Limit
    mass_kind: str | None
    """Mass, Msini, Msin(i)/sin(i) or M-R relationship: what the mass is"""
    mass_calculated: bool | None
    """Whether the archive calculated the mass from the radius"""
    radius_calculated: bool | None
    """Whether the archive calculated the radius from the mass; null where the answer does not tell"""
    distance: Annotated[float | None, Unit("parsec"), Normalise("log"), Between(0, 20_000, "warn")]
    """Distance from the Sun"""
    distance_upper: _upper("parsec")
    distance_lower: _lower("parsec")
    radius_si: Annotated[float | None, Unit("m"), Normalise("log")]
    """Radius"""
    radius_si_upper: _upper("m")
    radius_si_lower: _lower("m")
    mass_si: Annotated[float | None, Unit("kg"), Normalise("log")]
    """Mass, of the kind that mass_kind says"""
    mass_si_upper: _upper("kg")
    mass_si_lower: _lower("kg")
    insolation_si: Annotated[float | None, Unit("W/m^2"), Normalise("log")]
    """Insolation"""
    insolation_si_upper: _upper("W/m^2")
    insolation_si_lower: _lower("W/m^2")
    density_computed: Annotated[
        float | None, Unit("kg/m^3"), Normalise("log"), Between(0, 100_000, "warn"), Term("PATO:0001019")
    ]
    """density_of(mass, radius), where both are known independently"""
    gravity_computed: Annotated[float | None, Unit("m/s^2"), Normalise("log"), Between(0, 100_000, "warn")]
    """gravity_of(mass, radius), where both are known independently"""
    insolation_computed: Annotated[
        float | None, Unit("earth_insolation"), Normalise("log"), Between(0, 10_000_000, "warn")
    ]
    """insolation_of(star_radius, star_temperature, semi_major_axis)"""
    equilibrium_temperature_computed: Annotated[float | None, Unit("K"), Normalise("log"), Between(0, 20_000, "warn")]
    """equilibrium_temperature_of(star_radius, star_temperature, semi_major_axis): albedo 0, heat spread evenly"""


class Climate(Table, key="planet_run_key", empty=True, tags="climate"):
    """What each run's cubes hold, and its global means, weighted by cell area: only where it covers the globe."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet-run"""
    cube: str
    """Digest of its cube, the first by name where it has several: lake.open().cube(planet_run_key)"""
    cubes: Annotated[int, Between(1, None)]
    """How many cubes it has"""
    variables: int
    """How many data variables they have"""
    variable_names: list[str]
    """Their names, sorted"""
    surface_variable: str | None
    """The variable that was taken as surface temperature"""
    surface_temperature: Annotated[
        float | None, Unit("K"), Normalise("standard"), Between(0, 5000), Term("PATO:0000146")
    ]
    """Its global mean, over all of the run's cubes that have it"""
    surface_temperature_min: Annotated[float | None, Unit("K"), Between(0, 5000)]
    """Its smallest value"""
    surface_temperature_max: Annotated[float | None, Unit("K"), Between(0, 5000)]
    """Its largest value"""
    surface_coverage: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Share of the sphere on which it has values, the least of its cubes"""
    surface_gap: str | None
    """Why the mean is null"""
    precipitation_variable: str | None
    """The variable that was taken as precipitation"""
    precipitation: Annotated[float | None, Unit("kg/m^2/s"), Normalise("log"), Between(-1e-6, 1, "warn")]
    """Global mean"""
    precipitation_coverage: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Share of the sphere on which it has values, the least of its cubes"""
    precipitation_gap: str | None
    """Why it is null"""
    surface_pressure_variable: str | None
    """The variable that was taken as surface pressure"""
    surface_pressure: Annotated[
        float | None, Unit("Pa"), Normalise("log"), Between(0, 1e9, "warn"), Term("PATO:0001025")
    ]
    """Global mean"""
    surface_pressure_coverage: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Share of the sphere on which it has values, the least of its cubes"""
    surface_pressure_gap: str | None
    """Why it is null"""
    outgoing_longwave_variable: str | None
    """The variable that was taken as outgoing longwave radiation"""
    outgoing_longwave: Annotated[float | None, Unit("W/m^2"), Normalise("standard"), Between(0, 1e6, "warn")]
    """Global mean at the top of the atmosphere"""
    outgoing_longwave_coverage: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Share of the sphere on which it has values, the least of its cubes"""
    outgoing_longwave_gap: str | None
    """Why it is null"""


class Spectra(Table, key="planet_run_key", empty=True, tags="spectra"):
    """One spectrum a planet-run, for training."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The observed planet's run"""
    spectrum: str
    """Of core.spectra"""
    kind: str
    """transmission, ..."""
    wavelength: Annotated[list[float], SqlType("FLOAT[]"), Unit("um"), Term("PATO:0001242")]
    """Ascending"""
    value: Annotated[list[float], SqlType("FLOAT[]")]
    """In core.spectra.value_unit"""


class InteriorProfiles(Table, key=("planet_run_key", "step"), rules=(_SYNTHETIC,), empty=True, tags="planets"):
    """Inside rocky planets, from a formula: synthetic, and there only where seeds.generators says so."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet"""
    step: Annotated[int, Between(0, 50)]
    """From the centre, 0, to the surface, 50"""
    radius: Annotated[float, Unit("km"), Between(0, 20_000)]
    """Distance from the centre"""
    core_mass_fraction: Annotated[float, Unit("1"), Between(0.1, 0.4)]
    """Of the planet"""
    in_core: bool
    """Whether this is iron, and not rock"""
    gravity: Annotated[float, Unit("m/s^2"), Between(0, 100)]
    """At this place"""
    density: Annotated[float, Unit("kg/m^3"), Between(0, 100_000), Term("PATO:0001019")]
    """At this place"""
    pressure: Annotated[float, Unit("Pa"), Between(0, 1e13), Term("PATO:0001025")]
    """At this place"""
    synthetic: bool
    """Always: it was not measured"""


class AncientInsolation(Table, key=("planet_run_key", "age_of_sun"), rules=(_SYNTHETIC,), empty=True, tags="planets"):
    """Sunlight since the Sun was born, from a formula: synthetic, and there only where seeds.generators says so."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet"""
    age_of_sun: Annotated[float, Unit("Gyr"), Between(0, 4.7)]
    """Since it was born; 4.7 is today"""
    luminosity: Annotated[float, Unit("1"), Between(0.7, 1)]
    """Of the Sun, in today's"""
    insolation: Annotated[float, Unit("W/m^2"), Between(0, 20_000)]
    """At the planet, on a plane facing the Sun"""
    synthetic: bool
    """Always: it was not measured"""
