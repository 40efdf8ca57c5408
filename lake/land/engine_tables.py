"""The raw tables that the engine fills itself, whatever the source."""

import pyarrow as pa


def _field(name: str, type: pa.DataType, doc: str, unit: str = "") -> pa.Field:
    return pa.field(name, type, metadata={"doc": doc, "unit": unit})


TEXT, INT, REAL = pa.string(), pa.int64(), pa.float64()

REJECTS = pa.schema(
    [
        _field("source", TEXT, "The archive's module"),
        _field("table_name", TEXT, "The raw table that the record was meant for"),
        _field("record", INT, "Which record of the blob; null when it is the whole blob"),
        _field("column_name", TEXT, "The column whose cell was not taken, while its row was; null: the whole record"),
        _field("reason", TEXT, "Why it was not taken"),
        _field("content", TEXT, "The record, or the cell, as it stands in the blob; bytes that are not UTF-8 replaced"),
    ]
)

CUBES = pa.schema(
    [
        _field("source", TEXT, "The archive's module"),
        _field("digest", TEXT, "sha256 of the cube's content: its name in the cube store"),
        _field("planet", TEXT, "The planet that the run simulates"),
        _field("kind", TEXT, "simulation, reanalysis or observed"),
        _field("model", TEXT, "The model that made the run"),
        _field("scenario", TEXT, "What was simulated"),
        _field("run", TEXT, "Which member or realisation"),
        _field("synthetic", pa.bool_(), "Whether the numbers were made up to show the software"),
        _field("title", TEXT, "The file's own title"),
        _field("citation", TEXT, "Whom to cite"),
        _field("dims", TEXT, "Dimensions and their lengths, as JSON"),
        _field("areas", TEXT, "Where the areas of its cells come from, or why there are none"),
        _field("undated", TEXT, "Why its times stay numbers; null where they are dates"),
        _field("bytes", INT, "Size on disk", "byte"),
    ]
)

CUBE_VARIABLES = pa.schema(
    [
        _field("digest", TEXT, "The cube: raw.cubes.digest"),
        _field("variable", TEXT, "Its name in the file"),
        _field("role", TEXT, "data or coordinate"),
        _field("standard_name", TEXT, "CF standard name"),
        _field("long_name", TEXT, "As the file says it"),
        _field("unit", TEXT, "As the file says it"),
        _field("si_unit", TEXT, "What it is in SI: kg m-2 s-1; null: the unit is not understood, or there is none"),
        _field("si_factor", REAL, "A value times this, plus si_offset, is in si_unit", "1"),
        _field("si_offset", REAL, "What is added then, in `si_unit`"),
        _field("unit_gap", TEXT, "Why the unit is not understood"),
        _field("dims", pa.list_(TEXT), "Dimension names"),
        _field("shape", pa.list_(INT), "Lengths, one a dimension"),
        _field("dtype", TEXT, "As stored"),
        _field("min", REAL, "Smallest finite value, in `unit`"),
        _field("max", REAL, "Largest finite value, in `unit`"),
        _field("mean", REAL, "Mean of the finite values, in `unit`"),
        _field("weighted_mean", REAL, "The same weighted by cell area, in `unit`; null where areas are not known"),
        _field(
            "coverage",
            REAL,
            "Share of the sphere with values, mean over times and levels; null: not known",
            "1",
        ),
        _field("missing", INT, "Values that are missing or not finite"),
        _field("count", INT, "Values in all"),
    ]
)

ENGINE = {"rejects": REJECTS, "cubes": CUBES, "cube_variables": CUBE_VARIABLES}
