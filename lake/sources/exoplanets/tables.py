"""What the columns of the NASA Exoplanet Archive are: type, unit and meaning, all by name.

Names keep to rules in each of its tables (https://exoplanetarchive.ipac.caltech.edu/docs/API_PS_columns.html,
.../API_kepcandidate_columns.html, .../API_TOI_columns.html):

    X                   a quantity: pl_rade, koi_prad
    Xerr1, Xerr2        its upper (>= 0) and lower (<= 0) uncertainty; X_err1, X_err2 in cumulative
    Xlim                0 where X is a measurement, 1 an upper and -1 a lower limit; Xsymerr: 1 where err1 = -err2
    Xstr, X_reflink     X as the site shows it, and its reference as an HTML link; X_systemref, Xformat likewise

Any other name is new to this reader: its cells stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.formats import schema

if TYPE_CHECKING:
    import pyarrow as pa

_QUANTITIES = """
pl_orbper        day              Orbital period
pl_orbsmax       au               Semi-major axis of the orbit
pl_orbeccen      1                Eccentricity of the orbit
pl_orbincl       degree           Inclination of the orbit
pl_orblper       degree           Argument of periastron
pl_orbtper       day              Epoch of periastron
pl_angsep        arcsecond        Angular separation from the star
pl_rade          earth_radius     Radius of the planet
pl_radj          jupiter_radius   Radius of the planet
pl_masse         earth_mass       Mass of the planet
pl_massj         jupiter_mass     Mass of the planet
pl_msinie        earth_mass       Minimum mass, m sin(i)
pl_msinij        jupiter_mass     Minimum mass, m sin(i)
pl_cmasse        earth_mass       Mass from m sin(i) and an inclination
pl_cmassj        jupiter_mass     Mass from m sin(i) and an inclination
pl_bmasse        earth_mass       Best mass there is, of the kind that pl_bmassprov says
pl_bmassj        jupiter_mass     Best mass there is, of the kind that pl_bmassprov says
pl_dens          g/cm^3           Mean density of the planet
pl_insol         earth_insolation Insolation
pl_eqt           K                Equilibrium temperature
pl_tranmid       day              Mid-transit, BJD
pl_trandep                        Depth of the transit, in percent; in ppm in toi
pl_trandur       hour             Duration of the transit
pl_trandurh      hour             Duration of the transit
pl_imppar        1                Impact parameter
pl_ratdor        1                Semi-major axis over the star's radius
pl_ratror        1                Radius of the planet over the star's
pl_rvamp         m/s              Amplitude of the star's radial velocity
pl_occdep        percent          Depth of the occultation
pl_projobliq     degree           Projected obliquity
pl_trueobliq     degree           True obliquity
st_teff          K                Effective temperature of the star
st_rad           solar_radius     Radius of the star
st_mass          solar_mass       Mass of the star
st_met           dex              Metallicity of the star, of the kind that st_metratio says
st_lum           dex              log10 of the star's luminosity in that of the Sun
st_logg          dex              log10 of the star's surface gravity in cm/s^2
st_age           Gyr              Age of the star
st_dens          g/cm^3           Mean density of the star
st_vsin          km/s             Rotational velocity of the star, v sin(i)
st_rotp          day              Rotational period of the star
st_radv          km/s             Radial velocity of the system
st_dist          parsec           Distance of the star
st_pmra          mas/year         Proper motion in right ascension
st_pmdec         mas/year         Proper motion in declination
st_tmag          mag              TESS magnitude
sy_dist          parsec           Distance of the system
sy_plx           mas              Parallax
sy_pm            mas/year         Proper motion
sy_pmra          mas/year         Proper motion in right ascension
sy_pmdec         mas/year         Proper motion in declination
ra               degree           Right ascension, J2000
dec              degree           Declination, J2000
glat             degree           Galactic latitude
glon             degree           Galactic longitude
elat             degree           Ecliptic latitude
elon             degree           Ecliptic longitude
koi_score        1                Confidence in the disposition, 0 to 1
koi_period       day              Orbital period
koi_time0        day              Mid-transit, BJD
koi_time0bk      day              Mid-transit, BJD - 2454833
koi_eccen        1                Eccentricity of the orbit
koi_longp        degree           Longitude of periastron
koi_impact       1                Impact parameter
koi_duration     hour             Duration of the transit
koi_ingress      hour             Duration of the ingress
koi_depth        ppm              Depth of the transit
koi_ror          1                Radius of the planet over the star's
koi_srho         g/cm^3           Density of the star, from the transit
koi_prad         earth_radius     Radius of the planet
koi_sma          au               Semi-major axis of the orbit
koi_incl         degree           Inclination of the orbit
koi_teq          K                Equilibrium temperature
koi_insol        earth_insolation Insolation
koi_dor          1                Semi-major axis over the star's radius
koi_ldm_coeff1   1                Limb darkening
koi_ldm_coeff2   1                Limb darkening
koi_ldm_coeff3   1                Limb darkening
koi_ldm_coeff4   1                Limb darkening
koi_max_sngle_ev 1                Largest single-event statistic
koi_max_mult_ev  1                Largest multiple-event statistic
koi_model_snr    1                Signal to noise of the transit
koi_model_chisq  1                Goodness of the fit
koi_bin_oedp_sig 1                Odd-even depth comparison
koi_steff        K                Effective temperature of the star
koi_slogg        dex              log10 of the star's surface gravity in cm/s^2
koi_smet         dex              Metallicity of the star
koi_srad         solar_radius     Radius of the star
koi_smass        solar_mass       Mass of the star
koi_sage         Gyr              Age of the star
koi_kepmag       mag              Kepler magnitude
"""
_TEXTS = """
pl_name hostname pl_letter hd_name hip_name tic_id gaia_id gaia_dr2_id gaia_dr3_id discoverymethod disc_refname
disc_pubdate disc_locale disc_facility disc_telescope disc_instrument soltype pl_refname st_refname sy_refname
st_spectype st_metratio pl_bmassprov pl_tsystemref rastr decstr rowupdate pl_pubdate releasedate
toi toipfx toipfxstr tidstr ctoi_alias ctoi_aliasstr tfopwg_disp toi_created release_date sectors
kepoi_name kepler_name koi_disposition koi_pdisposition koi_vet_stat koi_vet_date koi_disp_prov koi_comment
koi_fittype koi_limbdark_mod koi_parm_prov koi_tce_delivname koi_quarters koi_trans_mod koi_datalink_dvr
koi_datalink_dvs koi_sparprov
""".split()
_COUNTS = """
default_flag sy_snum sy_pnum sy_mnum disc_year kepid tid objectid koi_count koi_num_transits koi_tce_plnt_num
koi_model_dof pl_pnum pl_nnotes st_nphot st_nrvc st_nspec pl_nespec pl_ntranspec pl_ndispec
""".split()

_UNITS = {
    name: (unit, doc)
    for name, unit, doc in (
        (line[:17].strip(), line[17:34].strip(), line[34:]) for line in _QUANTITIES.strip().splitlines()
    )
}
_MAGNITUDE = re.compile(r"(sy|koi)_[a-z0-9]{1,4}mag")
_FLAG = re.compile(r"[a-z]{2,4}(_controv)?_flag|koi_fpflag_[a-z]{2}")
_OFFSET = re.compile(r"koi_(fwm|dicco|dikco)_\w+")  # centroids and their offsets
_TEXT = re.compile(r"(str|_?reflink|_systemref|format)$")
_BOUND = re.compile(r"(?P<quantity>\w+?)_?(?P<suffix>err1|err2|lim|symerr)")
_BOUNDS = {
    "err1": ("double", "upper uncertainty, >= 0"),
    "err2": ("double", "lower uncertainty, <= 0"),
    "lim": ("bigint", "0 a measurement, 1 an upper limit, -1 a lower limit"),
    "symerr": ("bigint", "1 where the uncertainties are symmetric"),
}


def field(name: str) -> pa.Field:
    """A column's type, unit and meaning; a column that the archive has added since is text."""
    line = _line(name) or "new  text  -  -  New to this reader: text, as it stands in the answer"
    return schema.field(line).with_name(name)  # which may have blanks


def _line(name: str) -> str | None:
    """A column as a line of `lake.formats.schema`; None for a name that this reader does not know."""
    if quantity := _quantity(name):
        return f"{name}  double  {quantity[0] or '-'}  -  {quantity[1]}"
    if name in _COUNTS or _FLAG.fullmatch(name):
        return f"{name}  bigint  {'1' if name in _COUNTS else '-'}  -"
    if name in _TEXTS:
        return f"{name}  text  -  -"
    if (match := _BOUND.fullmatch(name)) and (quantity := _quantity(match["quantity"])):
        type, doc = _BOUNDS[match["suffix"]]
        return f"{name}  {type}  {(type == 'double' and quantity[0]) or '-'}  -  {quantity[1]}: {doc}"
    if (suffix := _TEXT.search(name)) and _quantity(name[: suffix.start()]):
        return f"{name}  text  -  -"
    return None


def _quantity(name: str) -> tuple[str, str] | None:
    if name in _UNITS:
        return _UNITS[name]
    if _MAGNITUDE.fullmatch(name):
        return "mag", "Apparent magnitude"
    return ("", "Centroid or its offset") if _OFFSET.fullmatch(name) and not _BOUND.fullmatch(name) else None


# What the models read: an answer without one of REQUIRED is not read; any other that is missing becomes nulls.
_PLANET = "pl_orbper pl_orbsmax pl_rade pl_bmasse pl_orbeccen pl_insol pl_eqt".split()
_STAR = "st_teff st_rad st_mass st_met st_logg".split()
_KOI = "koi_period koi_prad koi_teq koi_insol koi_steff koi_slogg koi_srad".split()
_TOI = "pl_orbper pl_rade pl_insol pl_eqt st_teff st_logg st_rad st_dist".split()


def _with_suffixes(quantities: list[str], *suffixes: str) -> list[str]:
    return [name + suffix for name in quantities for suffix in ("", *suffixes)]


REQUIRED: Mapping[str, tuple[str, ...]] = {
    "ps": ("pl_name", "hostname", "default_flag", *_with_suffixes(["pl_orbper", "pl_rade", "pl_bmasse"], "lim")),
    "pscomppars": (
        *("pl_name", "hostname", "discoverymethod", "disc_year", "pl_bmassprov", "sy_dist"),
        *_with_suffixes(_PLANET + _STAR, "lim"),
    ),
    "toi": ("toi", "tid", "tfopwg_disp", "pl_orbper", "pl_rade"),
    "cumulative": ("kepoi_name", "kepid", "koi_disposition", "koi_period", "koi_prad"),
}  # fmt: skip
_SYSTEM = "sy_snum sy_pnum disc_facility pl_controv_flag st_spectype st_metratio ra dec sy_disterr1 sy_disterr2".split()
_ERRORS = ("err1", "err2", "lim")
_READ = {
    "ps": (
        *REQUIRED["ps"], *"discoverymethod disc_year soltype pl_bmassprov pl_refname st_refname".split(),
        *"pl_pubdate rowupdate releasedate".split(), *_SYSTEM, "sy_dist", *_with_suffixes(_PLANET + _STAR, *_ERRORS),
    ),
    "pscomppars": (
        *REQUIRED["pscomppars"], *_SYSTEM, "pl_rade_reflink", "pl_bmasse_reflink",
        *_with_suffixes(_PLANET + _STAR, *_ERRORS),
    ),
    "toi": (*REQUIRED["toi"], *_with_suffixes(_TOI, *_ERRORS), "ra", "dec", "rowupdate"),
    "cumulative": (
        *REQUIRED["cumulative"], *"kepler_name koi_pdisposition koi_score ra dec".split(),
        *_with_suffixes(_KOI, "_err1", "_err2"),
    ),
}  # fmt: skip

TABLES = schema.Tables(
    {f"exoplanets_{table}": "\n".join(filter(None, map(_line, dict.fromkeys(names)))) for table, names in _READ.items()}
)
