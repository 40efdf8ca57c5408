"""A spectrum out of columns: which of them is the wavelength, the value and its uncertainties."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lake.errors import Refused
from lake.formats.units import SPECTRA, unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ERRORS = (
    "tran_unc,depth err,sigma((rp/rs)^2),flux_err,flux_error,flux_unc,flux_uncertainty,fluxerr,fluxerror,fluxunc,"
    "err_flux,e_flux,errflux,error,errors,err,uncertainty,unc,sigma,stdev,std,staterror,depth_err,depth_error,"
    "depth_unc,e_depth,tr_depth_err,fp/fs_err,fpfs_err"
).split(",")
USUAL: Mapping[str, Sequence[str]] = {
    "wavelength": (
        "wavelength,wavelengths,wave,wl,wv_center,wave/freq,lambda,lam,wvl,wlen,wavelength_air,"
        "wave_air,loglam,loglambda,log_wave,wavenumber,wavenumbers,wn,frequency,freq,energy,central_wavelength,"
        "centrallam,bin_center"
    ).split(","),
    "value": (
        "flux,value,depth,transit_depth,transit depth,tr_depth,(rp/rs)^2,rprs^2,total,flux_density,fluxdensity,"
        "flux density,f_lambda,flambda,flam,fnu,f_nu,intensity,radiance,reflectance,transmittance,transmission,"
        "albedo,eclipse_depth,fp/fs,fpfs,spectrum,spec,surface_flux"
    ).split(","),
    "lower": ("tr_depth_errneg", "err_low", "errlow", "err_lower", "error_lower", "err_neg", "errneg", *_ERRORS),
    "upper": ("tr_depth_errpos", "err_up", "errup", "err_upper", "error_upper", "err_pos", "errpos", *_ERRORS),
}
"""The names that columns of such files have, in small letters and without the unit behind them."""


@dataclass(slots=True)
class Spectrum:
    """A spectrum as a file has it; each array float64 [points]. Or what of the file cannot be taken, and why."""

    label: str | None
    wavelength: NDArray[np.float64]
    value: NDArray[np.float64]
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None
    units: Mapping[str, str | None] = field(default_factory=dict)  # of each of these, where the file says them
    medium: str = "vacuum"  # what its wavelengths are in, where the file says it
    logarithm: bool = False  # whether its wavelengths are decimal logarithms, whatever their unit says
    settled: bool = False  # whether the unit of its wavelengths is theirs, whatever lake.toml says
    fault: str = ""  # why it cannot be taken
    line: int | None = None  # of a text, where it is one line that cannot be taken


def chosen(
    names: Sequence[str],
    units: Mapping[str, str | None],
    column: Callable[[int], NDArray[np.float64]],
    wanted: Mapping[str, Any],
) -> Spectrum:
    """Columns by what lake.toml calls them, or by the names that such files use.

    Args:
        names: of all columns, as the file has them.
        units: of them, by name, where the file tells.
        column: gives one by its place; raises Refused where it holds no numbers.
        wanted: {role: name, or number from 1}.
    """
    try:
        positions = _positions(names, wanted)
        arrays = {role: column(position) for role, position in positions.items()}
    except Refused as fault:
        return faulty(fault.what)
    name = names[positions["wavelength"]].lower()
    return Spectrum(
        names[positions["value"]] if len(names) > 2 else None,
        arrays["wavelength"],
        arrays["value"],
        arrays.get("lower"),
        arrays.get("upper"),
        {role: _unit(names[position], units) for role, position in positions.items()},
        medium="air" if "air" in re.split(r"[\W_]+", name) else "vacuum",
        logarithm=name.startswith("log"),
    )


def _positions(names: Sequence[str], wanted: Mapping[str, Any]) -> dict[str, int]:
    """Which column has each role, from 0; a role that no column has is left out."""
    every = {role: _position(names, wanted.get(role), usual) for role, usual in USUAL.items()}
    positions = {role: position for role, position in every.items() if position is not None}
    for role in USUAL:
        if role in wanted and role not in positions:
            raise Refused(f"it has no column {wanted[role]!r}: {_listed(names)}")
    for role in ("wavelength", "value"):
        if role not in positions:
            raise Refused(f"which column is the {role} is not told: columns = {{ {role} = ... }}; {_listed(names)}")
    return positions


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def _position(names: Sequence[str], wanted: Any, usual: Sequence[str]) -> int | None:
    if isinstance(wanted, int):
        return wanted - 1 if 1 <= wanted <= len(names) else None
    lowered = [name.strip().lower() for name in names]
    plain = [name if name in usual else _suffix(without_unit(name)[0])[0] for name in lowered]
    if wanted is not None:
        where = next((of.index(wanted.lower()) for of in (lowered, plain) if wanted.lower() in of), None)
        if max(of.count(wanted.lower()) for of in (lowered, plain)) > 1:
            raise Refused(f"more than one column is called {wanted!r}: give its number")
        return where
    return next((plain.index(name) for name in usual if name in plain), None)


def without_unit(name: str) -> tuple[str, str | None]:
    """A column's name, and what stands in brackets behind it.

    >>> without_unit("Flux (erg/(s cm2 A))"), without_unit("(Rp/Rs)^2")
    (('Flux', 'erg/(s cm2 A)'), ('(Rp/Rs)^2', None))
    """
    name = name.strip()
    pairs = {")": "(", "]": "["}
    if name[-1:] not in pairs:
        return name, None
    depth = 0
    for place in range(len(name) - 1, -1, -1):
        depth += (name[place] in ")]}") - (name[place] in "([{")
        if depth == 0:
            return (name[:place].strip(), name[place + 1 : -1].strip() or None) if place else (name, None)
    return name, None


def _unit(name: str, units: Mapping[str, str | None]) -> str | None:
    """What the file says of a column's unit; else what its name ends with: wavelength_um, depth_ppm."""
    if told := units.get(name):
        return told
    return _suffix(name)[1]


def _suffix(name: str) -> tuple[str, str | None]:
    """
    >>> _suffix("wavelength_um"), _suffix("flux_err")
    (('wavelength', 'um'), ('flux_err', None))
    """
    stem, _, end = name.rpartition("_")
    if any(stem.lower() in usual for usual in USUAL.values()):
        with contextlib.suppress(Refused):
            unit(end, SPECTRA)
            return stem, end
    return name, None


def faulty(fault: str, label: str | None = None, line: int | None = None) -> Spectrum:
    """What cannot be taken, and why: a spectrum, or a line of one."""
    import numpy as np

    return Spectrum(label, np.zeros(0), np.zeros(0), fault=fault, line=line)
