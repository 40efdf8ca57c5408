"""The raw tables of spectra, for every format."""

from __future__ import annotations

from lake.formats.schema import Tables

_SPECTRA = """
_record          bigint    -   -  Position of the spectrum in the answer, from 1
spectrum         text      -   -  Name of the spectrum: the resource, and its column or row
planet           text      -   -  Planet, from lake.toml
star             text      -   -  Star, from lake.toml
kind             text      -   -  transmission, emission, reflection, transmittance, stellar or model, from lake.toml
instrument       text      -   -  Instrument or model, from lake.toml
reference        text      -   -  Where it was published, from lake.toml
label            text      -   -  Table, column or row of the spectrum in the file; null if it is the only one
wavelength       double[]  -   -  As in the file
wavelength_unit  text      -   -  Of these
value            double[]  -   -  As in the file; NaN where it has none
value_unit       text      -   -  Of these
lower            double[]  -   -  Lower uncertainty, as in the file
upper            double[]  -   -  Upper uncertainty, as in the file
micrometre       double[]  um  -  The wavelengths in vacuum, converted
converted        double[]  -   -  The values converted to converted_unit
converted_lower  double[]  -   -  The lower uncertainties converted
converted_upper  double[]  -   -  The upper uncertainties converted
converted_unit   text      -   -  1 for fractions, W/m^2/um for flux densities, W/m^2/um/sr for radiances, SI for others
"""
_SETTINGS = """
configuration  text  -  -  The resource
key            text  -  -  OBJECT-NAME, ATMOSPHERE-LAYERS, ...
value          text  -  -  The text after the key
"""

TABLES = Tables({"spectra": _SPECTRA, "spectra_settings": _SETTINGS})
