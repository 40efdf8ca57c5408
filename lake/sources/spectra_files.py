"""Tables of numbers as spectra: text with blanks, tabs or commas, PSG's, ECSV, and FITS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lake.errors import ConfigError, Unreadable
from lake.sources import gzipped
from lake.sources.source import Resource
from lake.sources.spectra import Spectrum

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eEdD][-+]?\d+)?|nan|[-+]?inf(inity)?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[\[(]([^\[\]()]+)[\])]\s*$")
_WAVELENGTHS = ("wavelength", "wave", "wl", "wv_center", "wave/freq", "lambda", "wavelength_um", "wavenumber")
_VALUES = ("flux", "value", "depth", "transit_depth", "tr_depth", "(rp/rs)^2", "total")
_LOWER = ("tr_depth_errneg", "err_low", "tran_unc", "depth err", "sigma((rp/rs)^2)", "flux_err", "error", "uncertainty")
_UPPER = ("tr_depth_errpos", "err_up", *_LOWER[2:])


def spectra(path: Path, resource: Resource) -> Iterator[Spectrum]:
    """The spectra of a file: one, but for FITS with several rows.

    Raises:
        Unreadable: it is no table of numbers.
        ConfigError: FITS or ECSV without astropy.
    """
    with gzipped.open_file(path) as file:
        head = file.read(9)
    if head.startswith(b"SIMPLE  ="):
        yield from _fits(path, resource)
        return
    with gzipped.open_file(path) as file:
        text = file.read().decode("utf-8", "replace")
    if text.startswith("# %ECSV"):
        names, units, columns = _ecsv(text, resource.url)
    else:
        names, units, columns = _text(text, resource.url)
    yield _chosen(names, units, columns, dict(resource.params.get("columns", {})))


def _chosen(
    names: Sequence[str], units: Mapping[str, str | None], columns: np.ndarray, wanted: Mapping[str, Any]
) -> Spectrum:
    """Columns by what lake.toml calls them, or by the names that such files use."""
    place = {}
    for role, usual in (("wavelength", _WAVELENGTHS), ("value", _VALUES), ("lower", _LOWER), ("upper", _UPPER)):
        place[role] = _place(names, wanted.get(role), usual)
        if role in wanted and place[role] is None:
            return _faulty(f"it has no column {wanted[role]!r}: {', '.join(names)}")
    if place["wavelength"] is None or place["value"] is None:
        lacking = "wavelength" if place["wavelength"] is None else "value"
        return _faulty(
            f"which column is the {lacking} is not told: columns = {{ {lacking} = ... }}; {', '.join(names)}"
        )
    own = {role: units.get(names[place[role]]) for role in ("wavelength", "value")}
    found = {role: None if place[role] is None else columns[:, place[role]] for role in place}
    label = names[place["value"]] if len(names) > 2 else None
    return Spectrum(label, found["wavelength"], found["value"], found["lower"], found["upper"], own)


def _place(names: Sequence[str], wanted: Any, usual: Sequence[str]) -> int | None:
    if isinstance(wanted, int):
        return wanted - 1 if 1 <= wanted <= len(names) else None
    plain = [
        _IN_BRACKETS.sub("", name).strip().lower() if name.lower() not in usual else name.lower() for name in names
    ]
    if wanted is not None:
        lowered = [name.lower() for name in names]
        return next((found.index(wanted.lower()) for found in (lowered, plain) if wanted.lower() in found), None)
    return next((plain.index(name) for name in usual if name in plain), None)


def _faulty(fault: str) -> Spectrum:
    return Spectrum(None, np.zeros(0), np.zeros(0), fault=fault)


# Text


def _text(text: str, where: str) -> tuple[list[str], dict[str, str | None], np.ndarray]:
    """Names and units of the columns, where they are told, and the numbers [rows, columns].

    The names stand in the last comment line or the first line, if there are as many as columns.
    """
    comments, header, rows = [], None, []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain:
            continue
        cells = [cell for cell in re.split(r"[,;\t]\s*|\s+", plain) if cell]
        if all(_NUMBER.fullmatch(cell) for cell in cells):
            rows.append(cells)
        elif plain.startswith(("#", "%", "!")):
            comments.append(plain.lstrip("#%! ").strip())
        elif not rows and header is None:
            header = plain
        else:
            raise Unreadable(f"it is not a number: {plain[:60]!r}", where=f"{where} line {number}")
    if not rows:
        raise Unreadable("it has no line of numbers", where=where, why="it is no table of a spectrum")
    width = len(rows[0])
    odd = next((n for n, row in enumerate(rows) if len(row) != width), None)
    if odd is not None:
        raise Unreadable(f"row {odd + 1} of numbers has {len(rows[odd])} cells, the first {width}", where=where)
    numbers = np.array([[float(cell.lower().replace("d", "e")) for cell in row] for row in rows])
    names = _names([header] if header else [], width) or _names(comments[-1:], width)
    names = names or [str(number) for number in range(1, width + 1)]
    return names, _units(names, comments), numbers


def _names(lines: Sequence[str], width: int) -> list[str]:
    for line in lines:
        for split in (r"\s*,\s*", r"\t", r"\s{2,}", r"\s+"):
            found = [name.strip() for name in re.split(split, line.strip()) if name.strip()]
            if len(found) == width:
                return found
    return []


def _units(names: Sequence[str], comments: Sequence[str]) -> dict[str, str | None]:
    """Units in brackets behind a name; PSG's and FITS-like headers' comment lines."""
    units: dict[str, str | None] = {
        name: match[1] for name in names if (match := _IN_BRACKETS.search(name)) and not match[1].startswith("Rp")
    }
    for comment in comments:
        if match := re.match(r"Spectral unit:.*\[([^\]]+)\]", comment):
            units[names[0]] = match[1]
        elif match := re.match(r"(X|Y)UNITS\s*=\s*'([^']*?)\s*'", comment):
            units[names[0 if match[1] == "X" else 1]] = match[2]
        elif "transmittance spectrum" in comment:
            units |= dict.fromkeys(names[1:], "1")
    return units


# By astropy


def _astropy(what: str) -> None:
    try:
        import astropy  # noqa: F401
    except ImportError:
        raise ConfigError(f"{what} is read with astropy", next='pip install "astrolake[spectra]"') from None


def _ecsv(text: str, where: str) -> tuple[list[str], dict[str, str | None], np.ndarray]:
    _astropy("ECSV")
    from astropy.table import Table

    try:
        table = Table.read(text, format="ascii.ecsv")
    except Exception as error:  # astropy raises many kinds
        raise Unreadable(f"the ECSV cannot be read: {error}", where=where) from None
    kept = [name for name in table.colnames if table[name].dtype.kind in "fiu" and table[name].ndim == 1]
    columns = np.stack([np.ma.filled(np.ma.asarray(table[name], float), np.nan) for name in kept], axis=1)
    return kept, {name: str(table[name].unit) if table[name].unit else None for name in kept}, columns


def _fits(path: Path, resource: Resource) -> Iterator[Spectrum]:
    """A table's columns, or an image: rows of fluxes over the wavelengths of its header or of an HDU called so."""
    _astropy("FITS")
    from astropy.io import fits

    try:
        with fits.open(path, memmap=False) as file:
            table = next((hdu for hdu in file[1:] if _is_spectrum(hdu)), None)
            if table is not None:
                names = list(table.columns.names)
                units = {column.name: column.unit for column in table.columns}
                numbers = np.stack([np.asarray(table.data[name], np.float64) for name in names], axis=1)
                yield _chosen(names, units, numbers, dict(resource.params.get("columns", {})))
            else:
                yield from _image(file)
    except OSError as error:
        raise Unreadable(f"the FITS is cut short or damaged: {error}", where=resource.url) from None


def _is_spectrum(hdu: Any) -> bool:
    names = [name.lower() for name in getattr(getattr(hdu, "columns", None), "names", ())]
    flat = all(np.ndim(hdu.data[name]) == 1 for name in hdu.columns.names) if names else False
    return flat and any(name in _WAVELENGTHS for name in names)


def _image(file: Any) -> Iterator[Spectrum]:
    header, data = file[0].header, file[0].data
    named = {hdu.name.upper(): hdu for hdu in file[1:]}
    if data is None or data.ndim > 2:
        yield _faulty("its first HDU is no spectrum: an image of one or two axes")
        return
    if "WAVELENGTH" in named:
        wavelength = np.asarray(named["WAVELENGTH"].data, np.float64)
        unit = named["WAVELENGTH"].header.get("BUNIT") or header.get("CUNIT1")
    elif isinstance(header.get("CDELT1", header.get("CD1_1")), float | int):
        step = header.get("CDELT1", header.get("CD1_1"))
        wavelength = header["CRVAL1"] + (np.arange(data.shape[-1]) + 1 - header.get("CRPIX1", 1)) * step
        unit = header.get("CUNIT1")
    else:
        yield _faulty("it says no wavelengths: neither an HDU WAVELENGTH nor CRVAL1 and CDELT1")
        return
    mu = named["MU"].data if "MU" in named else None
    rows = np.atleast_2d(np.asarray(data, np.float64))
    for number, row in enumerate(rows):
        label = f"mu={mu[number]:g}" if mu is not None else (str(number + 1) if len(rows) > 1 else None)
        yield Spectrum(label, wavelength, row, units={"wavelength": unit, "value": header.get("BUNIT")})
