"""A spectrum from columns: which of them are the wavelength, the value and its uncertainties."""

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
"""Usual names of columns, in small letters and without units."""


@dataclass(slots=True)
class Spectrum:
    """A spectrum as it is in a file, each array float64 [points]; or a part of the file that is rejected, and why."""

    label: str | None
    wavelength: NDArray[np.float64]
    value: NDArray[np.float64]
    lower: NDArray[np.float64] | None = None
    upper: NDArray[np.float64] | None = None
    units: Mapping[str, str | None] = field(default_factory=dict)  # of each of these, if the file has them
    medium: str = "vacuum"  # of its wavelengths: vacuum or air, from the file
    logarithm: bool = False  # whether its wavelengths are decimal logarithms, whatever their unit says
    converted: bool = False  # whether its wavelengths are in their unit, whatever lake.toml says
    fault: str = ""  # why it is rejected
    line: int | None = None  # the rejected line of a text


def from_columns(
    names: Sequence[str],
    units: Mapping[str, str | None],
    column: Callable[[int], NDArray[np.float64]],
    configured: Mapping[str, Any],
) -> Spectrum:
    """A spectrum of the columns that lake.toml names, or of those with usual names.

    Args:
        names: all columns, as the file names them.
        units: their units, by name, if the file has them.
        column: gives a column by its position; raises Refused if it is not numeric.
        configured: {role: name, or number from 1}, in lake.toml.
    """
    try:
        positions = _positions(names, configured)
        arrays = {role: column(position) for role, position in positions.items()}
    except Refused as fault:
        return rejected(fault.what)
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


def _positions(names: Sequence[str], configured: Mapping[str, Any]) -> dict[str, int]:
    """The column of each role, from 0; roles without a column are left out."""
    every = {role: _position(names, configured.get(role), usual) for role, usual in USUAL.items()}
    positions = {role: position for role, position in every.items() if position is not None}
    for role in USUAL:
        if role in configured and role not in positions:
            raise Refused(f"it has no column {configured[role]!r}: {_listed(names)}")
    for role in ("wavelength", "value"):
        if role not in positions:
            raise Refused(f"which column is the {role} is not told: columns = {{ {role} = ... }}; {_listed(names)}")
    return positions


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")


def _position(names: Sequence[str], configured: Any, usual: Sequence[str]) -> int | None:
    if isinstance(configured, int):
        return configured - 1 if 1 <= configured <= len(names) else None
    lowered = [name.strip().lower() for name in names]
    plain = [name if name in usual else _suffix(without_unit(name)[0])[0] for name in lowered]
    if configured is not None:
        name = configured.lower()
        if max(spelled.count(name) for spelled in (lowered, plain)) > 1:
            raise Refused(f"more than one column is called {configured!r}: give its number")
        return next((spelled.index(name) for spelled in (lowered, plain) if name in spelled), None)
    return next((plain.index(name) for name in usual if name in plain), None)


def without_unit(name: str) -> tuple[str, str | None]:
    """A column's name, and the text in brackets after it.

    >>> without_unit("Flux (erg/(s cm2 A))"), without_unit("(Rp/Rs)^2")
    (('Flux', 'erg/(s cm2 A)'), ('(Rp/Rs)^2', None))
    """
    name = name.strip()
    pairs = {")": "(", "]": "["}
    if name[-1:] not in pairs:
        return name, None
    depth = 0
    for start in range(len(name) - 1, -1, -1):
        depth += (name[start] in ")]}") - (name[start] in "([{")
        if depth == 0:
            return (name[:start].strip(), name[start + 1 : -1].strip() or None) if start else (name, None)
    return name, None


def _unit(name: str, units: Mapping[str, str | None]) -> str | None:
    """A column's unit in the file; else the end of its name: wavelength_um, depth_ppm."""
    return units.get(name) or _suffix(name)[1]


def _suffix(name: str) -> tuple[str, str | None]:
    """A name and the unit at its end.

    >>> _suffix("wavelength_um"), _suffix("flux_err")
    (('wavelength', 'um'), ('flux_err', None))
    """
    stem, _, end = name.rpartition("_")
    if any(stem.lower() in usual for usual in USUAL.values()):
        with contextlib.suppress(Refused):
            unit(end, SPECTRA)
            return stem, end
    return name, None


def rejected(fault: str, label: str | None = None, line: int | None = None) -> Spectrum:
    """A rejected spectrum, or a rejected line of one, and why."""
    import numpy as np

    return Spectrum(label, np.zeros(0), np.zeros(0), fault=fault, line=line)
