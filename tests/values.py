"""Values of every SQL type that a table may hold, as SQL: null, empty, the ends of the range, what equality hides."""

from __future__ import annotations

_INTEGERS = {
    **{
        f"{'U' if not signed else ''}{kind}": (bits, signed)
        for kind, bits in (("TINYINT", 8), ("SMALLINT", 16), ("INTEGER", 32), ("BIGINT", 64))
        for signed in (True, False)
    },
}
_STRUCT = 'STRUCT("struct a" DOUBLE, b VARCHAR)'


def _ends(bits: int, signed: bool) -> list[str]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return ["1", str(low), str(high)]


# Type -> values, each another one. The texts are what CAST takes; those that begin with a bracket are expressions.
VALUES: dict[str, list[str]] = {
    "BOOLEAN": ["'true'", "'false'"],
    **{kind: _ends(*about) for kind, about in _INTEGERS.items()},
    "DECIMAL(38,10)": ["0", "'1.0000000001'", "'1.0000000002'", "'-9999999999999999999999999999.9999999999'"],
    "DECIMAL(18,3)": ["'1.500'", "'-0.001'", "0"],
    "FLOAT": ["'0.0'", "'-0.0'", "'nan'", "'inf'", "'-inf'", "'0.1'", "16777216", "'3.4028235e38'", "'1e-45'"],
    "DOUBLE": ["'0.0'", "'-0.0'", "'nan'", "'inf'", "'-inf'", "'0.1'", "'0.30000000000000004'", "'115.95712345678901'",
               "'1.7976931348623157e308'", "'1e300'", "'5e-324'", "'9007199254740993'"],
    "VARCHAR": ["''", "' '", "'NULL'", "'null'", "'__HIVE_DEFAULT_PARTITION__'", "'a'", "'A'", "'a '", "'it''s'",
                "'a/b=c'", "'%20'", "'é'", "'e\u0301'", "'🪐'", "E'a\\nb'", "'\\'", "'nan'", f"'{'long ' * 60}'"],
    "BLOB": ["''", "'\\xAA'", "'\\x00'", "'abc'", "'\\x5CxAA'"],
    "UUID": ["'00000000-0000-0000-0000-000000000001'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
             "'00000000-0000-0000-0000-000000000000'"],
    "DATE": ["'2024-02-29'", "'1969-12-31'", "'0044-03-15 (BC)'", "'infinity'", "'-infinity'", "'5881580-07-10'"],
    "TIME": ["'00:00:00'", "'00:00:00.000001'", "'23:59:59.999999'"],
    "TIMESTAMP": ["'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'", "'1900-01-01'", "'infinity'",
                  "'-infinity'", "'290000-01-01'"],
    "TIMESTAMP_NS": ["'2024-01-01 00:00:00.000000001'", "'2024-01-01 00:00:00.000000002'", "'1969-12-31'",
                     "'infinity'", "'-infinity'"],
    "TIMESTAMP WITH TIME ZONE": ["'2024-11-03 05:30:00+00'", "'2024-11-03 06:30:00+00'", "'infinity'",
                                 "'1900-01-01 00:00:00.000001+00'"],
    "VARCHAR[]": ["[]", "[NULL]", "['']", "['a', 'b']", "['b', 'a']", "['ab']", "['a', NULL]", "[NULL, NULL]"],
    "DOUBLE[]": ["[]", "[NULL]", "['0.0'::DOUBLE]", "['-0.0'::DOUBLE]", "['nan'::DOUBLE]", "[1, NULL]", "[NULL, 1]"],
    "BIGINT[][]": ["[]", "[NULL]", "[[]]", "[[NULL]]", "[[1], [2]]", "[[1, 2]]", "[[], []]"],
    _STRUCT: ["{'struct a': NULL, 'b': NULL}", "{'struct a': '0.0'::DOUBLE, 'b': ''}",
              "{'struct a': '-0.0'::DOUBLE, 'b': ''}", "{'struct a': NULL, 'b': ''}"],
    f"{_STRUCT}[]": ["[]", "[NULL]", "[{'struct a': NULL, 'b': NULL}]", "[{'struct a': '-0.0'::DOUBLE, 'b': NULL}]",
                     "[{'struct a': '0.0'::DOUBLE, 'b': NULL}]"],
    "MAP(VARCHAR, DOUBLE)": ["MAP {}", "MAP {'a': NULL}", "MAP {'a': 1, 'b': 2}", "MAP {'a': 2, 'b': 1}",
                             "MAP {'a': '0.0'::DOUBLE}", "MAP {'a': '-0.0'::DOUBLE}"],
}  # fmt: skip


def sql(type: str) -> list[str]:
    """The values of a type as SQL expressions, and NULL. Equal are only 0.0 and -0.0, and what holds them."""
    return [f"CAST({value} AS {type})" for value in ("NULL", *VALUES[type])]
