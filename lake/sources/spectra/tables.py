"""The raw tables of spectra, for every format."""

from __future__ import annotations

from lake.formats.schema import Tables

_SPECTRA = """
_record          bigint    -   -  The place of the spectrum in the answer, from 1
spectrum         text      -   -  Name of the spectrum: the resource, and which column or row of it
planet           text      -   -  Planet, as lake.toml says
star             text      -   -  Star, as lake.toml says
kind             text      -   -  transmission, emission, reflection, transmittance, stellar or model, as lake.toml says
instrument       text      -   -  Instrument or model, as lake.toml says
reference        text      -   -  Where it was published, as lake.toml says
label            text      -   -  Which of the file's spectra it is: table, column, row; null where it is the only one
wavelength       double[]  -   -  As in the file
wavelength_unit  text      -   -  Of these
value            double[]  -   -  As in the file; NaN where it has none
value_unit       text      -   -  Of these
lower            double[]  -   -  Uncertainty to below, as in the file
upper            double[]  -   -  Uncertainty to above, as in the file
micrometre       double[]  um  -  The wavelengths converted, in vacuum
converted        double[]  -   -  The values converted to converted_unit
converted_lower  double[]  -   -  The uncertainties to below converted
converted_upper  double[]  -   -  The uncertainties to above converted
converted_unit   text      -   -  1 for shares, W/m^2/um for flux densities, W/m^2/um/sr for radiances, SI for others
"""
_SETTINGS = """
configuration  text  -  -  The resource
key            text  -  -  OBJECT-NAME, ATMOSPHERE-LAYERS, ...
value          text  -  -  As it stands
"""

TABLES = Tables({"spectra": _SPECTRA, "spectra_settings": _SETTINGS})
