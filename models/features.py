"""What models train on."""

from typing import Annotated

from lake.contract import Between, OneOf, References, Table, Unit

_RULE = References("seeds.environment_rules.rule_id")


class EnvVectors(Table, key="pathway_id"):
    """The environment of each pathway, each value by a cited rule; null where no rule matches."""

    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """The pathway"""
    ph: Annotated[float | None, Unit("1"), Between(-2, 16)]
    """pH"""
    ph_rule: Annotated[str | None, _RULE]
    """The rule that gave it"""
    temperature: Annotated[float | None, Unit("K"), Between(200, 500)]
    """Temperature"""
    temperature_rule: Annotated[str | None, _RULE]
    """The rule that gave it"""
    o2: Annotated[float | None, Unit("1"), Between(0, 1)]
    """Mole fraction of oxygen"""
    o2_rule: Annotated[str | None, _RULE]
    """The rule that gave it"""
    redox: Annotated[float | None, Unit("V"), Between(-2, 2)]
    """Redox potential against the standard hydrogen electrode"""
    redox_rule: Annotated[str | None, _RULE]
    """The rule that gave it"""
    status: Annotated[str, OneOf("by rule", "no rule")]
    """Whether any rule matched"""


class FeasiblePathways(Table, key=("planet_run_key", "pathway_id"), empty=True):
    """Which pathways could run in a planet-run's environment, as far as it is known."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet-run"""
    pathway_id: Annotated[str, References("core.pathways.pathway_id")]
    """A reference pathway"""
    temperature: Annotated[float, Unit("K"), Between(0, 20000, "warn")]
    """The planet-run's temperature"""
    temperature_kind: Annotated[str, OneOf("equilibrium", "surface")]
    """Which of its temperatures"""
    feasible: bool | None
    """As the macro feasible() says; null: not known"""
    reason: str
    """What decided, or is missing"""


class PlanetParams(Table, key="planet_run_key"):
    """Parameters of observed planets and their stars, with error bars; limits apart from measurements."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet-run"""
    orbital_period: Annotated[float | None, Unit("day"), Between(0, 1000000000.0, "warn")]
    """Orbital period; null where it is only a limit"""
    orbital_period_upper: Annotated[float | None, Unit("day")]
    """Upper uncertainty, >= 0"""
    orbital_period_lower: Annotated[float | None, Unit("day")]
    """Lower uncertainty, <= 0"""
    orbital_period_limit_value: Annotated[float | None, Unit("day")]
    """The limit, where the archive gives no measurement"""
    orbital_period_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    semi_major_axis: Annotated[float | None, Unit("au"), Between(0, 100000.0, "warn")]
    """Semi-major axis; null where it is only a limit"""
    semi_major_axis_upper: Annotated[float | None, Unit("au")]
    """Upper uncertainty, >= 0"""
    semi_major_axis_lower: Annotated[float | None, Unit("au")]
    """Lower uncertainty, <= 0"""
    semi_major_axis_limit_value: Annotated[float | None, Unit("au")]
    """The limit, where the archive gives no measurement"""
    semi_major_axis_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    radius: Annotated[float | None, Unit("earth_radius"), Between(0, 200, "warn")]
    """Radius; null where it is only a limit"""
    radius_upper: Annotated[float | None, Unit("earth_radius")]
    """Upper uncertainty, >= 0"""
    radius_lower: Annotated[float | None, Unit("earth_radius")]
    """Lower uncertainty, <= 0"""
    radius_limit_value: Annotated[float | None, Unit("earth_radius")]
    """The limit, where the archive gives no measurement"""
    radius_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    mass: Annotated[float | None, Unit("earth_mass"), Between(0, 100000.0, "warn")]
    """Mass, or minimum mass where mass_kind says so; null where it is only a limit"""
    mass_upper: Annotated[float | None, Unit("earth_mass")]
    """Upper uncertainty, >= 0"""
    mass_lower: Annotated[float | None, Unit("earth_mass")]
    """Lower uncertainty, <= 0"""
    mass_limit_value: Annotated[float | None, Unit("earth_mass")]
    """The limit, where the archive gives no measurement"""
    mass_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    eccentricity: Annotated[float | None, Unit("1"), Between(0, 1, "warn")]
    """Eccentricity; null where it is only a limit"""
    eccentricity_upper: Annotated[float | None, Unit("1")]
    """Upper uncertainty, >= 0"""
    eccentricity_lower: Annotated[float | None, Unit("1")]
    """Lower uncertainty, <= 0"""
    eccentricity_limit_value: Annotated[float | None, Unit("1")]
    """The limit, where the archive gives no measurement"""
    eccentricity_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    insolation: Annotated[float | None, Unit("earth_insolation"), Between(0, 10000000.0, "warn")]
    """Insolation, in that of Earth; null where it is only a limit"""
    insolation_upper: Annotated[float | None, Unit("earth_insolation")]
    """Upper uncertainty, >= 0"""
    insolation_lower: Annotated[float | None, Unit("earth_insolation")]
    """Lower uncertainty, <= 0"""
    insolation_limit_value: Annotated[float | None, Unit("earth_insolation")]
    """The limit, where the archive gives no measurement"""
    insolation_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    equilibrium_temperature: Annotated[float | None, Unit("K"), Between(0, 10000, "warn")]
    """Equilibrium temperature, as the archive gives it; null where it is only a limit"""
    equilibrium_temperature_upper: Annotated[float | None, Unit("K")]
    """Upper uncertainty, >= 0"""
    equilibrium_temperature_lower: Annotated[float | None, Unit("K")]
    """Lower uncertainty, <= 0"""
    equilibrium_temperature_limit_value: Annotated[float | None, Unit("K")]
    """The limit, where the archive gives no measurement"""
    equilibrium_temperature_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    star_temperature: Annotated[float | None, Unit("K"), Between(0, 300000, "warn")]
    """Effective temperature of the star; null where it is only a limit"""
    star_temperature_upper: Annotated[float | None, Unit("K")]
    """Upper uncertainty, >= 0"""
    star_temperature_lower: Annotated[float | None, Unit("K")]
    """Lower uncertainty, <= 0"""
    star_temperature_limit_value: Annotated[float | None, Unit("K")]
    """The limit, where the archive gives no measurement"""
    star_temperature_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    star_radius: Annotated[float | None, Unit("solar_radius"), Between(0, 1000, "warn")]
    """Radius of the star; null where it is only a limit"""
    star_radius_upper: Annotated[float | None, Unit("solar_radius")]
    """Upper uncertainty, >= 0"""
    star_radius_lower: Annotated[float | None, Unit("solar_radius")]
    """Lower uncertainty, <= 0"""
    star_radius_limit_value: Annotated[float | None, Unit("solar_radius")]
    """The limit, where the archive gives no measurement"""
    star_radius_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    star_mass: Annotated[float | None, Unit("solar_mass"), Between(0, 100, "warn")]
    """Mass of the star; null where it is only a limit"""
    star_mass_upper: Annotated[float | None, Unit("solar_mass")]
    """Upper uncertainty, >= 0"""
    star_mass_lower: Annotated[float | None, Unit("solar_mass")]
    """Lower uncertainty, <= 0"""
    star_mass_limit_value: Annotated[float | None, Unit("solar_mass")]
    """The limit, where the archive gives no measurement"""
    star_mass_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    star_metallicity: Annotated[float | None, Unit("dex"), Between(-10, 10, "warn")]
    """Metallicity of the star; null where it is only a limit"""
    star_metallicity_upper: Annotated[float | None, Unit("dex")]
    """Upper uncertainty, >= 0"""
    star_metallicity_lower: Annotated[float | None, Unit("dex")]
    """Lower uncertainty, <= 0"""
    star_metallicity_limit_value: Annotated[float | None, Unit("dex")]
    """The limit, where the archive gives no measurement"""
    star_metallicity_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    star_gravity: Annotated[float | None, Unit("dex"), Between(-2, 10, "warn")]
    """log10 of the star's surface gravity in cm/s^2; null where it is only a limit"""
    star_gravity_upper: Annotated[float | None, Unit("dex")]
    """Upper uncertainty, >= 0"""
    star_gravity_lower: Annotated[float | None, Unit("dex")]
    """Lower uncertainty, <= 0"""
    star_gravity_limit_value: Annotated[float | None, Unit("dex")]
    """The limit, where the archive gives no measurement"""
    star_gravity_limit: int | None
    """Limit flag: 0 a measurement, 1 an upper and -1 a lower limit"""
    mass_kind: str | None
    """Mass, Msini, Msin(i)/sin(i) or M-R relationship: what the mass is"""
    distance: Annotated[float | None, Unit("parsec"), Between(0, 20000, "warn")]
    """Distance from the Sun"""
    radius_si: Annotated[float | None, Unit("m")]
    """Radius"""
    mass_si: Annotated[float | None, Unit("kg")]
    """Mass, of the kind that mass_kind says"""
    insolation_si: Annotated[float | None, Unit("W/m^2")]
    """Insolation"""
    density_computed: Annotated[float | None, Unit("kg/m^3"), Between(0, 100000, "warn")]
    """Computed, density_of(mass, radius), where the mass is a true mass"""
    gravity_computed: Annotated[float | None, Unit("m/s^2"), Between(0, 100000, "warn")]
    """Computed, gravity_of(mass, radius), where the mass is a true mass"""


class Climate(Table, key="planet_run_key", empty=True):
    """What each simulation's cube holds, and its surface temperature."""

    planet_run_key: Annotated[int, References("core.planet_runs.planet_run_key")]
    """The planet-run"""
    cube: str | None
    """Digest of its cube: lake.open().cube(planet_run_key)"""
    variables: int
    """How many data variables"""
    variable_names: list[str]
    """Their names, sorted"""
    surface_variable: str | None
    """The variable that was taken as surface temperature"""
    surface_temperature: Annotated[float | None, Unit("K"), Between(0, 5000)]
    """Its global mean, weighted by cell area"""
    surface_temperature_min: Annotated[float | None, Unit("K"), Between(0, 5000)]
    """Its smallest value"""
    surface_temperature_max: Annotated[float | None, Unit("K"), Between(0, 5000)]
    """Its largest value"""
    surface_gap: str | None
    """Why the mean is null"""
