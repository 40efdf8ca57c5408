"""Spectra of planets and stars, and PSG's configurations: any text table, ECSV or FITS. lake.toml lists the files:

    [[sources.spectra.files]]
    url = "https://.../EUREKA_REDUCTION.txt"
    planet = "WASP-39 b"             # or star = "..."
    kind = "transmission"            # emission, reflection, transmittance, stellar, model
    instrument = "JWST NIRSpec PRISM"
    columns = { wavelength = "wavelength", value = "tr_depth", lower = "tr_depth_errneg", upper = "tr_depth_errpos" }
    wavelength_unit = "um"           # units that the file does not state
    value_unit = "1"
    # medium = "air"                 # wavelengths in air; else in vacuum
    # decimal = ","                  # numbers such as 1,5

Columns are named, or numbered from 1. A file whose units are neither in it nor in lake.toml is a reject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lake.errors import ConfigError, Refused
from lake.formats import line_ends
from lake.sources.contract import Answer, Answers, Facts, Part, Resource
from lake.sources.spectra import tables

if TYPE_CHECKING:
    from lake.formats.spectrum.columns import Spectrum

FACTS = Facts(
    name="spectra",
    title="Spectra of planets and stars",
    homepage="https://psg.gsfc.nasa.gov",
    licence="each file's own",
    citation="each file's own; PSG: Villanueva GL et al. (2018) JQSRT, doi:10.1016/j.jqsrt.2018.05.023",
    rate=1,
    refresh=365,
    domain="spectroscopy",
    sized=True,
)
READER = 5
TABLES = tables.TABLES
OPTIONS: Mapping[str, Any] = {"files": []}
KINDS = ("transmission", "emission", "reflection", "transmittance", "stellar", "model", "configuration")
_FIELDS = {"url", "planet", "star", "kind", "instrument", "reference", "columns", "wavelength_unit", "value_unit"}
_FIELDS |= {"medium", "decimal"}
_COLUMNS = ("wavelength", "value", "lower", "upper")


def resources(options: Mapping[str, Any], answers: Answers) -> Iterator[Resource]:
    """One for each file of lake.toml, named by its host and path.

    Raises:
        ConfigError: a file has no url, an unknown kind, or an unknown field.
    """
    for number, file in enumerate(options["files"], 1):
        fault = _fault(file)
        if fault:
            raise ConfigError(
                f"file {number} of [[sources.spectra.files]] is invalid: {fault}",
                where="lake.toml",
                next=f"its fields are {', '.join(sorted(_FIELDS))}",
            )
        url = urlsplit(file["url"])
        fits = url.path.removesuffix(".gz").lower().endswith((".fits", ".fit"))
        params = {name: value for name, value in file.items() if name != "url"}
        name = f"{url.netloc.rpartition('@')[2]}{unquote(url.path)}"
        yield Resource(name, file["url"], "spectrum", "fits" if fits else "text", params)


def _fault(file: Mapping[str, Any]) -> str:
    if not isinstance(file.get("url"), str):
        return "url is missing"
    if file.get("kind") not in KINDS:
        return f"kind is {file.get('kind')!r}, not one of {', '.join(KINDS)}"
    columns = file.get("columns", {})
    if not isinstance(columns, Mapping) or not all(type(name) in (str, int) for name in columns.values()):
        return f"columns is {columns!r}, not {{ wavelength = a name, or a number from 1, value = ... }}"
    if unknown := sorted(file.keys() - _FIELDS) or sorted(columns.keys() - set(_COLUMNS)):
        return f"unknown field {unknown[0]!r}"
    for name, values in (("medium", ("air", "vacuum")), ("decimal", (",", "."))):
        if file.get(name, values[0]) not in values:
            return f"{name} is {file[name]!r}, not {' or '.join(map(repr, values))}"
    return next((fault for name in ("wavelength", "value") if (fault := _unit_fault(file, f"{name}_unit"))), "")


def _unit_fault(file: Mapping[str, Any], name: str) -> str:
    """What is wrong with a unit in lake.toml, or ""; a unit in a file is checked when the file is read."""
    if name not in file:
        return ""
    if not isinstance(file[name], str):
        return f"{name} is {file[name]!r}, not a text"
    from lake.formats.spectrum import units as spectra_units

    try:
        if name == "value_unit":
            spectra_units.of_value(file[name])
        else:
            import numpy as np

            spectra_units.micrometres(np.ones(1), file[name], file.get("medium", "vacuum"))
    except Refused as fault:
        return f"{name}: {fault.what}"
    return ""


def check(resource: Resource, head: bytes) -> None:
    """Refuse an HTML page, and an answer that is not FITS if FITS was asked for.

    Raises:
        Refused: with the beginning of the answer.
    """
    if resource.params["kind"] != "configuration" and head.lstrip()[:1] == b"<":
        raise Refused("the answer is an HTML page, not a spectrum", where=resource.url)
    if resource.expects == "fits" and not head.startswith(b"SIMPLE  ="):
        raise Refused(f"the answer is not FITS: it begins with {head[:40]!r}", where=resource.url)


def read(resource: Resource, answer: Answer) -> Iterator[Part]:
    """A row for each spectrum, or setting. A spectrum without a unit, or whose columns are ambiguous, is a reject."""
    from lake.formats.spectrum import spectra

    if resource.params["kind"] == "configuration":
        yield _settings(resource, answer)
        return
    rows, rejects = [], []
    for number, spectrum in enumerate(spectra(answer, resource.url, resource.params), 1):
        try:
            rows.append(_row(resource, spectrum, number))
        except Refused as fault:
            rejects.append((spectrum.line or number, fault.what, spectrum.label or Path(str(answer)).name))
    yield _part("spectra", rows, rejects)


def _part(table: str, rows: Sequence[Mapping[str, Any]], rejects: Sequence[tuple[int, str, str]]) -> Part:
    import pyarrow as pa

    from lake.formats import text

    rejected = None
    if rejects:
        record, reason, content = zip(*rejects, strict=True)
        rejected = text.rejects(pa.array(record, pa.int64()), pa.array(reason), list(content))
    landed = pa.Table.from_pylist(list(rows), schema=TABLES[table])
    return Part(table, len(rows) + len(rejects), landed, rejected)


def _settings(resource: Resource, answer: Answer) -> Part:
    """PSG's configuration: lines of <KEY>value (https://psg.gsfc.nasa.gov/helpapi.php)."""
    rows, rejects = [], []
    for number, line in enumerate(line_ends.split(answer.read_bytes().decode("utf-8", "replace")), 1):
        if "\r" in line:
            rejects.append((number, "a carriage return within the line", line))
        elif match := re.fullmatch(r"<([A-Z0-9_-]+)>(.*)", line.strip()):
            rows.append({"_record": number, "configuration": resource.id, "key": match[1], "value": match[2] or None})
        elif line.strip():
            rejects.append((number, "it is not <KEY>value", line))
    return _part("spectra_settings", rows, rejects)


def _row(resource: Resource, spectrum: Spectrum, number: int) -> dict[str, Any]:
    """A spectrum as a row, in its own units and converted.

    Raises:
        Refused: a unit is missing, unknown, or not a wavelength's; or there are no points.
    """
    from lake.formats.spectrum import units

    params = resource.params
    if spectrum.fault or not len(spectrum.wavelength):
        raise Refused(spectrum.fault or "it has no points")
    wavelength_unit, value_unit = (_unit(spectrum, name, params) for name in ("wavelength", "value"))
    micrometre = units.micrometres(
        spectrum.wavelength, wavelength_unit, params.get("medium", spectrum.medium), spectrum.logarithm
    )
    scale, offset, unit = units.of_value(value_unit, micrometre)
    row = {
        "_record": number,
        "spectrum": resource.id + (f"#{spectrum.label}" if spectrum.label else ""),
        **{name: params.get(name) for name in ("planet", "star", "kind", "instrument", "reference")},
        "label": spectrum.label,
        "wavelength_unit": wavelength_unit,
        "value_unit": value_unit,
        "micrometre": micrometre,
        "converted_unit": unit,
        "converted": spectrum.value * scale + offset,
    }
    for name in ("lower", "upper"):
        errors = getattr(spectrum, name)
        row |= {name: errors, f"converted_{name}": None}
        if errors is not None:
            row[f"converted_{name}"] = abs(errors * _error_scale(spectrum, name, value_unit, (scale, unit), micrometre))
    return row | {"wavelength": spectrum.wavelength, "value": spectrum.value}


def _unit(spectrum: Spectrum, name: str, params: Mapping[str, Any]) -> str:
    """The unit of the wavelengths or values: from lake.toml, else from the file.

    Raises:
        Refused: neither has one.
    """
    converted = name == "wavelength" and spectrum.converted
    unit = None if converted else params.get(f"{name}_unit")
    unit = unit or spectrum.units.get(name)
    if unit and not isinstance(unit, str):
        raise Refused(f"the unit of {name} is {unit!r} in the file, and no text")
    if not unit or not unit.strip():
        raise Refused(f"the unit of {name} is neither in the file nor in lake.toml: {name}_unit = ...")
    return unit


def _error_scale(spectrum: Spectrum, name: str, value_unit: str, value: tuple[Any, str], micrometre: Any) -> Any:
    """The factor that converts uncertainties, whose unit is the values' or another of the same quantity."""
    from lake.formats.spectrum import units

    error_unit = spectrum.units.get(name)
    if not error_unit or error_unit == spectrum.units.get("value") or error_unit == value_unit:
        return value[0]
    scale, _, unit = units.of_value(error_unit, micrometre)
    if unit != value[1]:
        raise Refused(f"the uncertainties are in {error_unit!r}, and the values in {value_unit!r}")
    return scale
