"""Tables as text: what a line says, and that importing an archive's module costs no library of data."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake import sources
from lake.formats.schema import Tables, schema

TYPES = {"text": pa.string(), "double": pa.float64(), "bigint": pa.int64(), "boolean": pa.bool_()}
words = st.text("abcxyz_019", min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(words.map("c".__add__), st.sampled_from([*TYPES, *(f"{each}[]" for each in TYPES)]), words, words),
        unique_by=lambda column: column[0],
        min_size=1,
    ),
    st.integers(1, 12),
)
def test_a_line_is_a_column(columns, width):
    text = "\n".join(f"{name:<{width}} {type:<{width}} {unit}  a b  {doc} end" for name, type, unit, doc in columns)
    made = schema(text)
    assert made.names == ["_record", *(name for name, *_ in columns)]
    for name, type, unit, doc in columns:
        scalar = TYPES[type.removesuffix("[]")]
        assert made.field(name).type == (pa.list_(scalar) if type.endswith("[]") else scalar)
        assert made.field(name).metadata == {b"unit": unit.encode(), b"source": b"a b", b"doc": f"{doc} end".encode()}


def test_a_record_is_a_line_unless_the_table_says_otherwise():
    assert schema("a  text  -  -  A").field("_record").metadata[b"doc"] == b"The line of the answer, from 1"
    own = schema("_record  bigint  -  -  Which tree\na  text  -  -  A")
    assert own.names == ["_record", "a"]
    assert own.field("_record").metadata[b"doc"] == b"Which tree"


@pytest.mark.parametrize("line", ["a", "a text", "a text -", "a string - -  A", "a text[][] - -  A", "a int - -  A"])
def test_a_malformed_column_is_shown_with_its_line(line):
    with pytest.raises(ValueError, match="is not `name type unit source  doc`"):
        schema(line)


def test_a_duplicate_column_is_refused():
    with pytest.raises(ValueError, match="duplicate columns: a"):
        schema("a text - -  A\na double - -  B")


def test_tables_are_a_mapping_of_schemas():
    tables = Tables({"x_a": "a text - -  A", "x_b": "b text - -  B"})
    assert list(tables) == ["x_a", "x_b"]
    assert len(tables) == 2
    assert "x_a" in tables
    assert "a" not in tables
    assert tables["x_a"] is tables["x_a"]
    assert tables.with_prefix("x_")["b"] == ("x_b", tables["x_b"])


@pytest.mark.parametrize("source", sources.names())
def test_a_source_is_imported_without_libraries_of_data(source):
    """`lake --help`, `lake sources` and a run with nothing to do import all of them."""
    heavy = ("pyarrow", "numpy", "pandas", "xarray", "netCDF4", "lxml", "astropy", "duckdb")
    code = f"import sys, lake.sources.{source} as it; list(it.TABLES); print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
