"""Of a macro, the linter reads the body: from its first character to its last, and nothing that follows."""

from __future__ import annotations

import pytest

from lake.build import lint


@pytest.mark.parametrize(
    ("sql", "body"),
    [
        ("CREATE MACRO f(x) AS x", "x"),
        ("CREATE MACRO f(x) AS x;", "x"),
        ("CREATE MACRO f(x) AS x--why", "x"),
        ("CREATE MACRO f(x) AS x/* why */", "x"),
        ("CREATE MACRO f(x) AS TABLE(SELECT x)", "(SELECT x)"),
        ("CREATE MACRO f(x) AS TABLE SELECT x;", "SELECT x"),
    ],
)
def test_a_body_is_neither_cut_nor_goes_on_into_a_comment(sql, body):
    (text,) = lint._bodies(sql)
    assert text.replace("SELECT", "", 1).strip() == body.replace("SELECT", "", 1).strip()


def test_each_macro_has_a_body_of_its_own():
    assert [text.split() for text in lint._bodies("CREATE MACRO f(x) AS x; CREATE MACRO g(y) AS y;")] == [
        ["SELECT", "x"],
        ["SELECT", "y"],
    ]
