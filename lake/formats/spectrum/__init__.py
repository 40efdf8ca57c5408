"""Spectra in any format: text tables, ECSV, FITS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lake.formats.answer import Answer

if TYPE_CHECKING:
    from lake.formats.spectrum.columns import Spectrum


def spectra(answer: Answer, where: str, options: Mapping[str, Any]) -> Iterator[Spectrum]:
    """The spectra of a file: one, or several for FITS with several rows or tables; and its rejects, with their fault.

    Args:
        options: ``columns`` {role: name, or number from 1}; ``decimal``, the decimal separator of a text.

    Raises:
        Unreadable: it is not a table of numbers.
    """
    from lake.formats import gzipped

    with gzipped.open_file(answer) as file:
        head = file.read(9)
    if head.startswith(b"SIMPLE  ="):
        from lake.formats.spectrum.fits import spectra as read
    elif head.startswith(b"# %ECSV"):
        from lake.formats.spectrum.ecsv import spectra as read
    else:
        from lake.formats.spectrum.text import spectra as read
    yield from read(answer, where, options)
