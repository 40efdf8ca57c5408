"""Spectra as FITS 4.0, by astropy: columns of tables, rows of images.

A table has a column of wavelengths: a number a row (one spectrum), or an array a row (a spectrum each). Of an image
each row along its spectral axis is one; the wavelengths are an HDU called so, or the axis' coordinates. Sizes that
headers declare are held against the file's before anything is read.
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
from lake.formats.spectrum.columns import USUAL, Spectrum, chosen, faulty

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RECORD, _END = 2880, b"END".ljust(80)
_HEADER = 3000 * _RECORD  # bytes that a header may have
_BYTES = dict(zip("LBIJKAEDCMPQ", (1, 1, 2, 4, 8, 1, 4, 8, 8, 16, 8, 16), strict=True))
_UNPACKED = 2**30  # bytes that a gzip of a spectrum may become
_ERRORS = ("ERR", "ERROR", "SIGMA", "UNCERTAINTY", "UNCERT", "STDDEV", "FLUX_ERR", "FLUX_ERROR")
_BESIDE = {"WAVELENGTH", "MU", "DQ", "MASK", "QUALITY", "IVAR", "VAR", "STAT", *_ERRORS}
_TEXTUAL = re.compile(r"\s*\d*[ALXCM]")  # TFORM of texts, truths, bits and complex numbers


def spectra(answer: Answer, where: str, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    """
    Raises:
        Unreadable: it is truncated or damaged, or declares what it has not.
    """
    from astropy.io import fits

    try:
        with ExitStack() as stack, warnings.catch_warnings(action="ignore"):
            file = stack.enter_context(_unpacked(answer))
            _whole(file)
            hdus = stack.enter_context(fits.open(file, memmap=False))
            found = list(_found(hdus, options))
    except LakeError:
        raise
    except Exception as error:  # of a damaged file astropy raises of many kinds
        raise Unreadable(
            f"the FITS cannot be read: {type(error).__name__}: {error}", where=where, why="it is damaged"
        ) from None
    yield from found


def _unpacked(answer: Answer) -> BinaryIO:
    """The file's bytes; of a gzip in a file of their own, as long as they may be."""
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


def _whole(file: BinaryIO) -> None:
    """Refuse headers that declare other data than the file has, before anything is made of them.

    Raises:
        Unreadable: it is truncated, or its numbers make no sense.
    """
    size, place, number = file.seek(0, 2), 0, 1
    while place < size:
        file.seek(place)
        header = _header(file, number)
        if header is None:  # what stands behind the last HDU
            break
        place = file.tell() + _data(header, number)
        if place > size:
            raise Unreadable(
                f"the FITS is truncated: its HDU {number} ends at byte {place:,}, and the file has {size:,} bytes",
                why="the transfer was truncated, or the header is wrong",
            )
        place += -place % _RECORD
        number += 1
    file.seek(0)


def _header(file: BinaryIO, number: int) -> Any:
    """The header that begins here; None where there is none. The file stands behind it then."""
    from astropy.io import fits

    content = b""
    while record := file.read(_RECORD):
        content += record
        if number > 1 and not content.startswith(b"XTENSION"):
            return None
        if any(record.startswith(_END, place) for place in range(0, _RECORD, 80)):
            return fits.Header.fromstring(content)
        if len(content) > _HEADER:
            raise Unreadable(f"the header of HDU {number} has more than {_HEADER:,} bytes")
    raise Unreadable(f"the FITS is truncated: the header of HDU {number} has no END")


def _data(header: Any, number: int) -> int:
    """How many bytes of data a header declares (FITS 4.0, 4.4.1)."""
    if header.get("BITPIX") not in (8, 16, 32, 64, -32, -64):
        raise Unreadable(f"HDU {number} has BITPIX = {header.get('BITPIX')!r}, which FITS does not have")
    for name in ("NAXIS", "TFIELDS"):
        _natural(header, name, number, 999)
    lengths = [_natural(header, f"NAXIS{axis}", number) for axis in range(1, header["NAXIS"] + 1)]
    if header.get("GROUPS") is True and lengths[:1] == [0]:
        raise Unreadable("it has random groups, and no spectra")
    points = math.prod(lengths) if lengths else 0
    further = _natural(header, "PCOUNT", number), _natural(header, "GCOUNT", number) if "GCOUNT" in header else 1
    widths = [_width(header, column) for column in range(1, header.get("TFIELDS", 0) + 1)]
    if header.get("XTENSION", "").strip() == "BINTABLE" and sum(widths) != lengths[0]:
        raise Unreadable(f"HDU {number}: its columns have {sum(widths):,} bytes a row, and NAXIS1 is {lengths[0]:,}")
    return abs(int(header["BITPIX"])) // 8 * further[1] * (further[0] + points)


def _natural(header: Any, name: str, number: int, most: int = 2**63) -> int:
    value = header.get(name, 0)
    if type(value) is not int or not 0 <= value <= most:
        raise Unreadable(f"HDU {number} has {name} = {value!r}, which FITS does not have")
    return int(value)


def _width(header: Any, column: int) -> int:
    """The bytes of a binary table's column in a row; 0 where TFORM is none, which astropy refuses."""
    told = re.match(r"\s*(\d*)([LXBIJKAEDCMPQ])", str(header.get(f"TFORM{column}", "")))
    if told is None:
        return 0
    count = int(told[1] or 1)
    return (count + 7) // 8 if told[2] == "X" else count * _BYTES[told[2]]


def _found(hdus: Any, params: Mapping[str, Any]) -> Iterator[Spectrum]:
    wanted = dict(params.get("columns", {}))
    for hdu in hdus:
        _unpacks(hdu)
    tables = [(number, hdu) for number, hdu in enumerate(hdus) if _has_wavelengths(hdu, wanted)]
    for number, hdu in tables:
        tag = "" if len(tables) == 1 else f"{hdu.name or 'HDU'}{'' if hdu.ver == 1 else hdu.ver}" or str(number)
        for one in _table(hdu, wanted):
            one.label = "/".join(part for part in (tag, one.label) if part) or None
            yield one
    if not tables:
        yield from _image(hdus, params)


def _unpacks(hdu: Any) -> None:
    """Refuse a compressed image that declares to be far larger than its bytes can be."""
    if type(hdu).__name__ == "CompImageHDU":
        declared = math.prod(map(int, hdu.shape)) * abs(hdu.header["BITPIX"]) // 8
        if declared > _UNPACKED:
            raise Unreadable(f"an image of it unpacks to {declared:,} bytes, and {_UNPACKED:,} are read at most")


# Tables


def _has_wavelengths(hdu: Any, wanted: Mapping[str, Any]) -> bool:
    columns = getattr(hdu, "columns", None)
    if columns is None or type(hdu).__name__ == "CompImageHDU":
        return False
    names = [str(name).strip().lower() for name in columns.names]
    if isinstance(wanted.get("wavelength"), int):
        return True
    if "wavelength" in wanted:
        return wanted["wavelength"].lower() in names
    return any(name in names for name in USUAL["wavelength"])


def _table(hdu: Any, wanted: Mapping[str, Any]) -> Iterator[Spectrum]:
    columns = hdu.columns
    units = {str(column.name): str(column.unit) if column.unit else None for column in columns}
    found: dict[int, Any] = {}

    def column(place: int) -> Any:
        found[place] = _column(hdu, place)
        return found[place]

    whole = chosen([str(name) for name in columns.names], units, column, wanted)
    if whole.fault:
        yield whole
        return
    place = next(iter(found))  # of the wavelengths
    if "obs.atmos" in str(hdu.header.get(f"TUCD{place + 1}", "")) or _in_air(hdu.header):  # UCD em.wl;obs.atmos
        whole.medium = "air"
    if all(np.ndim(one) == 1 and one.dtype != object for one in found.values()):
        yield whole
    elif all(np.ndim(one) == 2 or one.dtype == object for one in found.values()):
        yield from _rows(whole)
    else:
        shapes = ", ".join(f"{columns.names[where]!r} {np.shape(one)[1:]}" for where, one in found.items())
        yield faulty(f"its columns have arrays of different shapes in a row: {shapes}", hdu.name or None)


def _rows(whole: Spectrum) -> Iterator[Spectrum]:
    """A spectrum for each row of a table of arrays."""
    count = len(whole.wavelength)
    for number in range(count):
        label = "/".join([*([whole.label] if whole.label else []), *([str(number + 1)] if count > 1 else [])]) or None
        wavelength, value = (np.asarray(column[number], np.float64) for column in (whole.wavelength, whole.value))
        lower, upper = (
            None if column is None else np.asarray(column[number], np.float64) for column in (whole.lower, whole.upper)
        )
        lengths = {len(array) for array in (wavelength, value, lower, upper) if array is not None}
        if len(lengths) > 1:
            yield faulty(f"row {number + 1} has arrays of {' and '.join(map(str, sorted(lengths)))} points", label)
        else:
            yield Spectrum(
                label, wavelength, value, lower, upper, whole.units, medium=whole.medium, logarithm=whole.logarithm
            )


def _column(hdu: Any, place: int) -> Any:
    """A column as float64 [rows] or [rows, points], or an object array of rows; NaN where it is not known.

    Raises:
        Refused: it holds no numbers.
    """
    column = hdu.columns[place]
    if hdu.header["XTENSION"].strip() == "BINTABLE" and _TEXTUAL.match(str(column.format)):
        raise Refused(f"the column {column.name!r} holds no numbers: TFORM is {column.format}")
    try:
        values = hdu.data.field(place)
    except (ValueError, TypeError, IndexError) as error:
        raise Refused(f"the column {column.name!r} cannot be read: {error}") from None
    if values.dtype == object:
        return values
    if values.dtype.kind not in "iuf" or values.ndim > 2:
        raise Refused(f"the column {column.name!r} holds no numbers, or arrays of more than one axis")
    numbers = np.array(values, np.float64)
    if column.null is not None and hdu.header["XTENSION"].strip() == "BINTABLE":
        stored = np.asarray(hdu.data.view(np.recarray)).view(hdu.data.dtype.base)[hdu.data.dtype.names[place]]
        numbers[stored.reshape(numbers.shape) == int(column.null)] = np.nan
    return numbers


def _in_air(header: Any) -> bool:
    return str(header.get("AIRORVAC", "")).strip().lower() == "air"


# Images


def _image(hdus: Any, params: Mapping[str, Any]) -> Iterator[Spectrum]:
    named = {hdu.name.upper(): hdu for hdu in hdus if hdu.is_image and hdu.header.get("NAXIS")}
    image = next((h for h in hdus if h.is_image and h.header.get("NAXIS") and h.name.upper() not in _BESIDE), None)
    if image is None:
        yield faulty("it has neither a table with a column of wavelengths nor an image")
        return
    try:
        axis = spectra_axis.spectral_axis(image.header)
        rows = _points(image, axis)
        points = _wavelengths(named, image, rows, axis, params)
        labels = _labels(named, rows)
        errors = next((_points(named[name], axis) for name in _ERRORS if name in named), None)
        if errors is not None and errors.shape != rows.shape:
            raise Refused(f"its uncertainties are {errors.shape}, and its values {rows.shape}")
    except Refused as fault:
        yield faulty(fault.what)
        return
    units = {"wavelength": points.unit, "value": image.header.get("BUNIT")}
    medium = "air" if _in_air(image.header) else points.medium
    for number, row in enumerate(rows):
        wavelength = points.values[number] if points.values.ndim == 2 else points.values
        error = None if errors is None else errors[number]
        yield Spectrum(labels[number], wavelength, row, error, error, units, medium, points.logarithm, points.settled)


def _points(image: Any, axis: int) -> NDArray[np.float64]:
    """float64 [spectra, points].

    Raises:
        Refused: it has more than two axes that are longer than 1.
    """
    data = np.asarray(image.data, np.float64)
    data = np.moveaxis(data, data.ndim - axis, -1)
    long = [length for length in data.shape[:-1] if length > 1]
    if len(long) > 1:
        raise Refused(f"its image has {len(long) + 1} axes, and a spectrum one: extract the spectra first")
    return data.reshape(-1, data.shape[-1])


def _wavelengths(
    named: Mapping[str, Any], image: Any, rows: NDArray[np.float64], axis: int, params: Mapping[str, Any]
) -> spectra_axis.Axis:
    if "WAVELENGTH" not in named:
        return spectra_axis.world(image.header, axis, rows.shape[1], params.get("wavelength_unit"))
    hdu = named["WAVELENGTH"]
    points = np.squeeze(np.asarray(hdu.data, np.float64))
    if points.shape not in ((rows.shape[1],), rows.shape):
        raise Refused(f"its HDU WAVELENGTH has {points.shape} values for {rows.shape[1]} points of a spectrum")
    return spectra_axis.Axis(points, hdu.header.get("BUNIT") or image.header.get(f"CUNIT{axis}"))


def _labels(named: Mapping[str, Any], rows: NDArray[np.float64]) -> list[str | None]:
    if "MU" in named:  # cosines of the angles at which a star's disk is seen
        angles = np.ravel(np.asarray(named["MU"].data, np.float64))
        if len(angles) != len(rows):
            raise Refused(f"its HDU MU has {len(angles)} values for {len(rows)} spectra")
        return [f"mu={angle:g}" for angle in angles]
    return [str(number + 1) if len(rows) > 1 else None for number in range(len(rows))]
