"""Spectra in FITS 4.0, by astropy: columns of tables, rows of images.

A table has a column of wavelengths: a number per row (one spectrum), or an array per row (a spectrum per row). In an
image each row along the spectral axis is a spectrum; the wavelengths are an HDU named WAVELENGTH, or the coordinates of
the axis. The sizes that headers declare are compared with the file's before any data are read.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from lake.errors import LakeError, Refused, Unreadable
from lake.formats import gzipped
from lake.formats.answer import Answer
from lake.formats.spectrum import axis as spectra_axis
from lake.formats.spectrum.columns import USUAL, Spectrum, from_columns, rejected

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RECORD, _END = 2880, b"END".ljust(80)
_HEADER = 3000 * _RECORD  # bytes of a header, at most
_BYTES = dict(zip("LBIJKAEDCMPQ", (1, 1, 2, 4, 8, 1, 4, 8, 8, 16, 8, 16), strict=True))
_UNPACKED = 2**30  # bytes of an unpacked file, at most
_ERRORS = ("ERR", "ERROR", "SIGMA", "UNCERTAINTY", "UNCERT", "STDDEV", "FLUX_ERR", "FLUX_ERROR")
_BESIDE = {"WAVELENGTH", "MU", "DQ", "MASK", "QUALITY", "IVAR", "VAR", "STAT", *_ERRORS}
_TEXTUAL = re.compile(r"\s*\d*[ALXCM]")  # TFORM of texts, booleans, bits and complex numbers


def spectra(answer: Answer, where: str, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    """The spectra of a file.

    Raises:
        Unreadable: it is truncated or damaged, or declares data that it does not have.
    """
    from astropy.io import fits

    try:
        with ExitStack() as stack, warnings.catch_warnings(action="ignore"):
            file = stack.enter_context(_unpacked(answer))
            _check_sizes(file)
            hdus = stack.enter_context(fits.open(file, memmap=False))
            rows = list(_read(hdus, options))
    except LakeError:
        raise
    except Exception as error:  # astropy raises many kinds on damaged files
        raise Unreadable(
            f"the FITS cannot be read: {type(error).__name__}: {error}", where=where, why="it is damaged"
        ) from None
    yield from rows


def _unpacked(answer: Answer) -> BinaryIO:
    """The file's bytes; those of a gzip in a temporary file, of bounded size."""
    with gzipped.open_file(answer) as packed:
        if getattr(packed, "name", None) == str(answer):
            return answer.open()
        with tempfile.TemporaryFile() as plain:
            while block := packed.read(2**20):
                plain.write(block)
                if plain.tell() > _UNPACKED:
                    raise Unreadable(f"it unpacks to more than {_UNPACKED:,} bytes", where=str(answer))
            plain.seek(0)
            return open(os.dup(plain.fileno()), "rb")


def _check_sizes(file: BinaryIO) -> None:
    """Refuse headers that declare more data than the file has, before memory is allocated.

    Raises:
        Unreadable: it is truncated, or a size is invalid.
    """
    size, position, number = file.seek(0, 2), 0, 1
    while position < size:
        file.seek(position)
        header = _header(file, number)
        if header is None:  # bytes after the last HDU
            break
        position = file.tell() + _data_size(header, number)
        if position > size:
            raise Unreadable(
                f"the FITS is truncated: its HDU {number} ends at byte {position:,}, and the file has {size:,} bytes",
                why="the transfer was truncated, or the header is wrong",
            )
        position += -position % _RECORD
        number += 1
    file.seek(0)


def _header(file: BinaryIO, number: int) -> Any:
    """The header at the file's position; None if there is none. The file is then positioned after it."""
    from astropy.io import fits

    content = b""
    while record := file.read(_RECORD):
        content += record
        if number > 1 and not content.startswith(b"XTENSION"):
            return None
        if any(record.startswith(_END, start) for start in range(0, _RECORD, 80)):
            return fits.Header.fromstring(content)
        if len(content) > _HEADER:
            raise Unreadable(f"the header of HDU {number} has more than {_HEADER:,} bytes")
    raise Unreadable(f"the FITS is truncated: the header of HDU {number} has no END")


def _data_size(header: Any, number: int) -> int:
    """The bytes of data that a header declares (FITS 4.0, 4.4.1)."""
    if header.get("BITPIX") not in (8, 16, 32, 64, -32, -64):
        raise Unreadable(f"HDU {number} has BITPIX = {header.get('BITPIX')!r}, which FITS does not allow")
    for name in ("NAXIS", "TFIELDS"):
        _natural(header, name, number, 999)
    lengths = [_natural(header, f"NAXIS{axis}", number) for axis in range(1, header["NAXIS"] + 1)]
    if header.get("GROUPS") is True and lengths[:1] == [0]:
        raise Unreadable("it has random groups, not spectra")
    points = math.prod(lengths) if lengths else 0
    heap, groups = _natural(header, "PCOUNT", number), _natural(header, "GCOUNT", number) if "GCOUNT" in header else 1
    widths = [_width(header, column) for column in range(1, header.get("TFIELDS", 0) + 1)]
    if header.get("XTENSION", "").strip() == "BINTABLE" and sum(widths) != lengths[0]:
        raise Unreadable(f"HDU {number}: its columns have {sum(widths):,} bytes a row, and NAXIS1 is {lengths[0]:,}")
    return abs(int(header["BITPIX"])) // 8 * groups * (heap + points)


def _natural(header: Any, name: str, number: int, most: int = 2**63) -> int:
    value = header.get(name, 0)
    if type(value) is not int or not 0 <= value <= most:
        raise Unreadable(f"HDU {number} has {name} = {value!r}, which FITS does not allow")
    return int(value)


def _width(header: Any, column: int) -> int:
    """The bytes of a binary table's column in a row; 0 for an invalid TFORM, which astropy refuses."""
    match = re.match(r"\s*(\d*)([LXBIJKAEDCMPQ])", str(header.get(f"TFORM{column}", "")))
    if match is None:
        return 0
    count = int(match[1] or 1)
    return (count + 7) // 8 if match[2] == "X" else count * _BYTES[match[2]]


def _read(hdus: Any, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    configured = dict(options.get("columns", {}))
    for hdu in hdus:
        _check_unpacked_size(hdu)
    tables = [(number, hdu) for number, hdu in enumerate(hdus) if _has_wavelengths(hdu, configured)]
    for number, hdu in tables:
        tag = "" if len(tables) == 1 else f"{hdu.name or 'HDU'}{'' if hdu.ver == 1 else hdu.ver}" or str(number)
        for spectrum in _table(hdu, configured):
            spectrum.label = "/".join(part for part in (tag, spectrum.label) if part) or None
            yield spectrum
    if not tables:
        yield from _image(hdus, options)


def _check_unpacked_size(hdu: Any) -> None:
    """Refuse a compressed image that declares to be too large."""
    if type(hdu).__name__ == "CompImageHDU":
        declared = math.prod(map(int, hdu.shape)) * abs(hdu.header["BITPIX"]) // 8
        if declared > _UNPACKED:
            raise Unreadable(f"an image of it unpacks to {declared:,} bytes; at most {_UNPACKED:,} are read")


# Tables


def _has_wavelengths(hdu: Any, configured: Mapping[str, Any]) -> bool:
    columns = getattr(hdu, "columns", None)
    if columns is None or type(hdu).__name__ == "CompImageHDU":
        return False
    names = [str(name).strip().lower() for name in columns.names]
    if isinstance(configured.get("wavelength"), int):
        return True
    if "wavelength" in configured:
        return bool(configured["wavelength"].lower() in names)
    return any(name in names for name in USUAL["wavelength"])


def _table(hdu: Any, configured: Mapping[str, Any]) -> Iterator[Spectrum]:
    columns = hdu.columns
    units = {str(column.name): str(column.unit) if column.unit else None for column in columns}
    arrays: dict[int, Any] = {}

    def column(position: int) -> Any:
        arrays[position] = _column(hdu, position)
        return arrays[position]

    table = from_columns([str(name) for name in columns.names], units, column, configured)
    if table.fault:
        yield table
        return
    wavelength = next(iter(arrays))
    if "obs.atmos" in str(hdu.header.get(f"TUCD{wavelength + 1}", "")) or _in_air(hdu.header):  # UCD em.wl;obs.atmos
        table.medium = "air"
    if all(np.ndim(array) == 1 and array.dtype != object for array in arrays.values()):
        yield table
    elif all(np.ndim(array) == 2 or array.dtype == object for array in arrays.values()):
        yield from _rows(table)
    else:
        shapes = ", ".join(f"{columns.names[n]!r} {np.shape(array)[1:]}" for n, array in arrays.items())
        yield rejected(f"its columns have arrays of different shapes in a row: {shapes}", hdu.name or None)


def _rows(table: Spectrum) -> Iterator[Spectrum]:
    """A spectrum per row of a table of arrays."""
    count = len(table.wavelength)
    for number in range(count):
        label = "/".join([*([table.label] if table.label else []), *([str(number + 1)] if count > 1 else [])]) or None
        wavelength, value = (np.asarray(column[number], np.float64) for column in (table.wavelength, table.value))
        lower, upper = (
            None if column is None else np.asarray(column[number], np.float64) for column in (table.lower, table.upper)
        )
        lengths = {len(array) for array in (wavelength, value, lower, upper) if array is not None}
        if len(lengths) > 1:
            yield rejected(f"row {number + 1} has arrays of {' and '.join(map(str, sorted(lengths)))} points", label)
        else:
            yield Spectrum(
                label, wavelength, value, lower, upper, table.units, medium=table.medium, logarithm=table.logarithm
            )


def _column(hdu: Any, position: int) -> Any:
    """A column as float64 [rows] or [rows, points], or an object array of rows; NaN where a value is missing.

    Raises:
        Refused: it is not numeric.
    """
    column = hdu.columns[position]
    if hdu.header["XTENSION"].strip() == "BINTABLE" and _TEXTUAL.match(str(column.format)):
        raise Refused(f"the column {column.name!r} holds no numbers: TFORM is {column.format}")
    try:
        values = hdu.data.field(position)
    except (ValueError, TypeError, IndexError) as error:
        raise Refused(f"the column {column.name!r} cannot be read: {error}") from None
    if values.dtype == object:
        return values
    if values.dtype.kind not in "iuf" or values.ndim > 2:
        raise Refused(f"the column {column.name!r} holds no numbers, or arrays of more than one axis")
    numbers = np.array(values, np.float64)
    if column.null is not None and hdu.header["XTENSION"].strip() == "BINTABLE":
        stored = np.asarray(hdu.data.view(np.recarray)).view(hdu.data.dtype.base)[hdu.data.dtype.names[position]]
        numbers[stored.reshape(numbers.shape) == int(column.null)] = np.nan
    return numbers


def _in_air(header: Any) -> bool:
    return str(header.get("AIRORVAC", "")).strip().lower() == "air"


# Images


def _image(hdus: Any, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    by_name = {hdu.name.upper(): hdu for hdu in hdus if hdu.is_image and hdu.header.get("NAXIS")}
    image = next((h for h in hdus if h.is_image and h.header.get("NAXIS") and h.name.upper() not in _BESIDE), None)
    if image is None:
        yield rejected("it has neither a table with a column of wavelengths nor an image")
        return
    try:
        axis = spectra_axis.spectral_axis(image.header)
        rows = _points(image, axis)
        points = _wavelengths(by_name, image, rows, axis, options)
        labels = _labels(by_name, rows)
        errors = next((_points(by_name[name], axis) for name in _ERRORS if name in by_name), None)
        if errors is not None and errors.shape != rows.shape:
            raise Refused(f"its uncertainties are {errors.shape}, and its values {rows.shape}")
    except Refused as fault:
        yield rejected(fault.what)
        return
    units = {"wavelength": points.unit, "value": image.header.get("BUNIT")}
    medium = "air" if _in_air(image.header) else points.medium
    for number, row in enumerate(rows):
        wavelength = points.values[number] if points.values.ndim == 2 else points.values
        error = None if errors is None else errors[number]
        yield Spectrum(labels[number], wavelength, row, error, error, units, medium, points.logarithm, points.converted)


def _points(image: Any, axis: int) -> NDArray[np.float64]:
    """float64 [spectra, points].

    Raises:
        Refused: it has more than two axes longer than 1.
    """
    data = np.asarray(image.data, np.float64)
    data = np.moveaxis(data, data.ndim - axis, -1)
    long = [length for length in data.shape[:-1] if length > 1]
    if len(long) > 1:
        raise Refused(f"its image has {len(long) + 1} axes, and a spectrum one: extract the spectra first")
    return data.reshape(-1, data.shape[-1])


def _wavelengths(
    by_name: Mapping[str, Any], image: Any, rows: NDArray[np.float64], axis: int, options: Mapping[str, Any]
) -> spectra_axis.Axis:
    if "WAVELENGTH" not in by_name:
        return spectra_axis.world(image.header, axis, rows.shape[1], options.get("wavelength_unit"))
    hdu = by_name["WAVELENGTH"]
    points = np.squeeze(np.asarray(hdu.data, np.float64))
    if points.shape not in ((rows.shape[1],), rows.shape):
        raise Refused(f"its HDU WAVELENGTH has {points.shape} values for {rows.shape[1]} points of a spectrum")
    return spectra_axis.Axis(points, hdu.header.get("BUNIT") or image.header.get(f"CUNIT{axis}"))


def _labels(by_name: Mapping[str, Any], rows: NDArray[np.float64]) -> list[str | None]:
    if "MU" in by_name:  # cosines of the viewing angles on a star's disk
        angles = np.ravel(np.asarray(by_name["MU"].data, np.float64))
        if len(angles) != len(rows):
            raise Refused(f"its HDU MU has {len(angles)} values for {len(rows)} spectra")
        return [f"mu={angle:g}" for angle in angles]
    return [str(number + 1) if len(rows) > 1 else None for number in range(len(rows))]
