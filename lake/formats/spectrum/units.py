"""Units of spectra: wavelengths in micrometres in vacuum, and one unit for each quantity.

`units` parses the texts; wavenumbers, frequencies, photon energies and flux densities are converted by astropy's
equivalencies `spectral` and `spectral_density`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lake.errors import Refused
from lake.formats import units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLUX, RADIANCE = "W/m^2/um", "W/m^2/um/sr"
_SPECTRAL = {"m": "m", "m-1": "m-1", "s-1": "Hz", "kg m2 s-2": "J"}
_BY_WAVELENGTH: Mapping[str, str] = {"kg m-1 s-3": FLUX, "kg m-1 rad-2 s-3": RADIANCE}
_BY_OTHERS: Mapping[str, str] = {"kg s-2": FLUX, "ph m-3 s-1": FLUX, "ph m-2": FLUX, "kg rad-2 s-2": RADIANCE}
_FREQUENCY = re.compile(r"hz|hertz|jy|jansky|fnu|photnu", re.IGNORECASE)  # W/m2/Hz, not the J/m2 of a fluence
_PLAIN = {"kg s-3": "W/m^2", "kg rad-2 s-3": "W/m^2/sr", "m2 kg-1": "m^2/kg"}
_LOGARITHM = re.compile(r"(?P<base>log10|log|lg|dex|ln)\s*\(\s*(?P<of>.*)\)", re.IGNORECASE)  # FITS: log is log10


def micrometres(
    values: NDArray[np.float64], unit: str, medium: str = "vacuum", logarithm: bool = False
) -> NDArray[np.float64]:
    """Wavelengths, wavenumbers, frequencies or photon energies as wavelengths in um, in vacuum.

    Args:
        unit: of the values; or of their logarithms: log(Angstrom), dex(um), ln(nm).
        medium: "air" for wavelengths in air.
        logarithm: whether the values are decimal logarithms, whatever the unit says.

    Raises:
        Refused: the unit is none of these.
    """
    import numpy as np
    from astropy import units as u

    if match := _LOGARITHM.fullmatch(unit.strip()):
        unit = match["of"]
        with np.errstate(over="ignore"):
            values = np.exp(values) if match["base"].lower() == "ln" else 10.0**values
    elif logarithm:
        with np.errstate(over="ignore"):
            values = 10.0**values
    parsed = units.unit(unit, units.SPECTRA)
    if parsed.canonical not in _SPECTRAL:
        raise Refused(
            f"{unit!r} is not of a wavelength, a wavenumber, a frequency or an energy: it is {parsed.canonical}"
        )
    if parsed.canonical == "m":
        factor, divisor = units.conversion(unit, "um", units.SPECTRA)[0], units.conversion("um", unit, units.SPECTRA)[0]
        plain = values * factor if factor >= 1 else values / divisor  # 700 nm are 0.7 um, not 0.7000000000000001
        return vacuum(plain) if medium == "air" else plain
    if medium == "air":
        raise Refused(f"only wavelengths are converted from air to vacuum, and {unit!r} is {parsed.canonical}")
    with np.errstate(divide="ignore"):
        quantity = u.Quantity(values * parsed.factor, _SPECTRAL[parsed.canonical])
        wavelengths: NDArray[np.float64] = quantity.to_value(u.um, u.spectral())
    return wavelengths


def vacuum(micrometre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wavelengths in standard air converted to vacuum, both in um; below 0.2 um they are in vacuum by convention.

    The refractive index is Edlen's (1953, JOSA 43, 339), in the form that the IAU adopted and wcslib uses for AWAV.
    """
    import numpy as np

    inverse = (1 / np.where(micrometre >= 0.2, micrometre, 1.0)) ** 2
    index = 1.000064328 + 0.0294981 / (146 - inverse) + 2.5540e-4 / (41 - inverse)
    return np.where(micrometre >= 0.2, micrometre * index, micrometre)


def of_value(
    unit: str, micrometre: NDArray[np.float64] | None = None
) -> tuple[float | NDArray[np.float64], float, str]:
    """Factor and offset that convert values, and their unit afterwards: one unit for each quantity.

    Fractions become 1, flux densities W/m^2/um, radiances W/m^2/um/sr, others SI.

    Args:
        micrometre: float64 [points], the wavelengths of the values; needed for a flux per frequency or in photons.

    Raises:
        Refused: the unit is not fully understood.
    """
    parsed = units.unit(unit, units.SPECTRA)
    if target := _BY_WAVELENGTH.get(parsed.canonical):
        return units.conversion(unit, target, units.SPECTRA)[0], 0.0, target
    density = parsed.canonical == "ph m-3 s-1" or _FREQUENCY.search(unit)
    if density and micrometre is not None and (target := _BY_OTHERS.get(parsed.canonical)):
        return _density(parsed, target, micrometre), 0.0, target
    return parsed.factor, parsed.offset, _PLAIN.get(parsed.canonical, parsed.canonical)


def _density(parsed: units.Unit, target: str, micrometre: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np
    from astropy import units as u

    own = {"kg s-2": "W / (m2 Hz)", "kg rad-2 s-2": "W / (m2 Hz sr)", "ph m-3 s-1": "ph / (s m2 m)"}
    source = u.Unit(own.get(parsed.canonical, "ph / (s m2 Hz)"))
    to = u.Unit("W / (m2 um sr)" if target == RADIANCE else "W / (m2 um)")
    with np.errstate(divide="ignore", invalid="ignore"):
        ones = np.full(len(micrometre), parsed.factor)
        factors: NDArray[np.float64] = u.Quantity(ones, source).to_value(to, u.spectral_density(micrometre * u.um))
    return factors
