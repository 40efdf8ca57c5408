"""A NetCDF file opened without decoding: what a cube can hold of it, and what it cannot, with reasons."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lake.errors import Unreadable
from lake.formats.answer import Answer
from lake.formats.netcdf import CLASSIC, HDF5, classic_header, declared_size

if TYPE_CHECKING:
    import netCDF4
    import xarray as xr

_NAME = re.compile(r"[^/\\\x00-\x1f]+")  # it becomes the name of a folder in the cube
_RESERVED, _LONGEST = {".", "..", "zarr.json"}, 200
_SKIPPED = re.compile(r"variable '(?P<name>.+)' has (?P<what>unsupported .*datatype)")


class Omitted(NamedTuple):
    """A variable or attribute that the cube leaves out."""

    name: str
    reason: str


@contextmanager
def open_dataset(answer: Answer) -> Iterator[tuple[xr.Dataset, list[Omitted]]]:
    """The file's variables, lazy and as stored, and what is left out.

    Raises:
        Unreadable: it is truncated, damaged, not NetCDF, has variables in groups, or declares more than a file of its
            size can hold.
    """
    import xarray as xr

    _check_complete(answer)
    with translate_errors(answer), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        store = xr.backends.NetCDF4DataStore.open(str(answer.path()))  # type: ignore[no-untyped-call]  # xarray's own
        skipped = [match for warning in caught if (match := _SKIPPED.search(str(warning.message)))]
    try:
        with translate_errors(answer):
            _check_flat(store.ds)
            declared_size.check(store.ds, answer)
            dataset, omitted = _dataset(store)
        yield dataset, omitted + [Omitted(match["name"], f"it is of an {match['what']}") for match in skipped]
    finally:
        store.close()


@contextmanager
def translate_errors(answer: Answer) -> Iterator[None]:
    """Turn what the libraries raise on damaged files into Unreadable; ignore their warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (Unreadable, MemoryError):  # of memory, the landing says which limit it was
        raise
    except RecursionError:
        raise Unreadable("its groups are nested too deep", where=str(answer), why="it is damaged") from None
    except Exception as error:  # netCDF4, HDF5, xarray and numpy raise nearly every kind on damaged files
        raise Unreadable(
            f"it cannot be read as NetCDF: {type(error).__name__}: {error}",
            where=str(answer),
            why="it is damaged, or needs more memory than [limits] reader_memory allows",  # HDF5 does not tell which
        ) from None


def _check_complete(answer: Answer) -> None:
    """Refuse a truncated file before the C library opens it, which checks the length of HDF5 alone."""
    with answer.open() as file:
        magic = file.read(8)
    if magic[:4] in CLASSIC:
        size, expected = answer.size, classic_header.expected_size(answer)
        if size < expected:
            raise Unreadable(
                f"the NetCDF file is truncated: it has {size:,} bytes and needs {expected:,}", where=str(answer)
            )
    elif magic != HDF5:
        raise Unreadable(f"it is not NetCDF: it begins with {magic!r}", where=str(answer))


def _check_flat(file: netCDF4.Dataset) -> None:
    """Refuse variables in groups, and HDF5 that is not NetCDF."""
    groups = [path for path, group in _groups(file) if group.variables]
    if groups:
        raise Unreadable(
            f"it has variables in groups ({', '.join(groups[:3])}), and a cube is flat",
            next="split it into one file a group (ncks -G : -g GROUP in.nc out.nc)",
        )
    if file.dimensions and all(name.startswith("phony_dim") for name in file.dimensions):
        raise Unreadable("it is HDF5, but not NetCDF: none of its datasets has a dimension")


def _groups(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, child in group.groups.items():
        yield f"{path}/{name}", child
        yield from _groups(child, f"{path}/{name}")


def _dataset(store: Any) -> tuple[xr.Dataset, list[Omitted]]:
    import xarray as xr

    from lake.store import arrays

    variables: dict[str, xr.Variable] = {}
    omitted: list[Omitted] = []
    for name, stored in store.ds.variables.items():
        try:
            if not _NAME.fullmatch(name) or name in _RESERVED or len(name.encode()) > _LONGEST:
                raise Unreadable(f"the variable {name[:80]!r} has a name that no folder can have")
            arrays.type_of(name, _dtype(stored))
            attrs = _attributes(stored, name, omitted)
            variable = store.open_store_variable(name, _WithAttributes(stored, attrs))
            variables[name] = variable
        except Unreadable as error:
            omitted.append(Omitted(name, error.what))
    attrs = _attributes(store.ds, "", omitted)
    indexed = {name: variable for name, variable in variables.items() if name in variable.dims}
    others = {name: variable for name, variable in variables.items() if name not in indexed}
    return xr.Dataset(others, xr.Coordinates(indexed, indexes={}), attrs), omitted


def _dtype(variable: Any) -> np.dtype[Any]:
    import netCDF4

    if variable.dtype is str:
        return np.dtype("T")
    for kind, what in ((netCDF4.CompoundType, "a compound"), (netCDF4.VLType, "of a length of its own in each cell")):
        if isinstance(variable.datatype, kind):
            raise Unreadable(f"the variable {variable.name!r} is of a type that a cube cannot hold: {what}")
    dtype: np.dtype[Any] = np.dtype(variable.dtype)
    return dtype


def _attributes(owner: Any, name: str, omitted: list[Omitted]) -> dict[str, Any]:
    """The attributes of a variable or of the file; those that a cube cannot hold are added to `omitted`."""
    from lake.store import attributes

    exact = {}
    for key in owner.ncattrs():
        try:
            value = owner.getncattr(key)
            declared_size.check_attribute(key, value)
            attributes.exact({key: value})
            exact[key] = value
        except Unreadable as error:
            omitted.append(Omitted(f"{name}:{key}", error.what))
        except (KeyError, TypeError, UnicodeError) as error:  # compounds, opaque bytes ...
            omitted.append(Omitted(f"{name}:{key}", f"the attribute {key!r} cannot be read: {error}"))
    return exact


class _WithAttributes:
    """A variable of a file that shows only some of its attributes."""

    def __init__(self, variable: Any, attrs: dict[str, Any]):
        self._variable, self._attrs = variable, attrs

    def ncattrs(self) -> list[str]:
        return list(self._attrs)

    def getncattr(self, key: str) -> Any:
        return self._attrs[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variable, name)
