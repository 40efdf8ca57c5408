"""The raw tables of OSDR. Columns of samples differ from study to study: they become attributes."""

from __future__ import annotations

from lake.formats.schema import Tables

_STUDIES = """
study          text    -  OSD-id                 OSD-1
released       text    -  publicReleaseDate      As the table writes it: 11-Dec-2013, 9-Feb-06
released_year  bigint  -  publicReleaseDateYear  Year
platform       text    -  technologyPlatform     Affymetrix, Illumina, ...
technology     text    -  technologyType         DNA microarray, RNA sequencing, ...
measurement    text    -  measurementType        transcription profiling, ...
organism       text    -  Organism               Separated by semicolons
factors        text    -  Factors                What was varied, separated by semicolons
"""
_VALUES = """
_record    bigint  -  -  The line of the table, from 1
study      text    -  -  GLDS-120, OSD-487: from the file's name or lake.toml
sheet      text    -  -  Which table of the study: its file's name
sample     text    -  -  Sample Name
attribute  text    -  -  Column of the table: Factor Value[Spaceflight]
place      bigint  -  -  Position of the column, from 1: ISA tables repeat names
value      text    -  -  The cell's text
"""

TABLES = Tables({"osdr_studies": _STUDIES, "osdr_values": _VALUES})
