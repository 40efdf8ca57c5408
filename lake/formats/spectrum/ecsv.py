"""Spectra in ECSV (APE 6 of astropy), by astropy; units as the file spells them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lake.errors import Refused, Unreadable
from lake.formats import gzipped, line_ends
from lake.formats.answer import Answer
from lake.formats.spectrum.columns import Spectrum, from_columns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def spectra(answer: Answer, where: str, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    """The spectrum of a file.

    Raises:
        Unreadable: astropy cannot read it.
    """
    import numpy as np
    from astropy.table import Table
    from astropy.table.meta import get_header_from_yaml

    with gzipped.open_file(answer) as file:
        content = file.read()
    try:
        text = "\n".join(line_ends.split(content.decode()))
        if "\r" in text:
            raise ValueError("a carriage return within a line")
        with warnings.catch_warnings(action="ignore"):
            table = Table.read(text, format="ascii.ecsv")
        comments = (line[2:] for line in text.splitlines() if line.startswith("# "))
        columns = get_header_from_yaml([line for line in comments if not line.startswith("%ECSV")])["datatype"]
    except Exception as error:  # astropy raises many kinds
        raise Unreadable(f"the ECSV cannot be read: {error}", where=where) from None

    def column(position: int) -> NDArray[np.float64]:
        values: Any = table.columns[position]
        if values.dtype.kind not in "fiu" or values.ndim != 1:
            raise Refused(f"the column {values.name!r} holds no numbers")
        return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)

    units = {each["name"]: str(each["unit"]) if each.get("unit") else None for each in columns}
    yield from_columns(table.colnames, units, column, dict(options.get("columns", {})))
