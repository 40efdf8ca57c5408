"""A list of variable stars: name, period and type of variability (a made-up archive)."""

from lake.errors import Refused
from lake.formats.delimited import Layout
from lake.formats.delimited import read as read_table
from lake.formats.schema import Tables
from lake.sources.contract import Facts, Resource

FACTS = Facts(
    name="variable_stars",
    title="Variable stars",
    homepage="https://example.org",
    licence="CC0-1.0",
    citation="A made-up list, for an example",
    rate=1,
    refresh=30,
)
READER = 1
TABLES = Tables(
    {
        "variable_stars": """
name    text    -  Name       The star's name
period  double  d  Period(d)  Time from one maximum to the next
type    text    -  Type       Class of variability, such as DCEP
"""
    }
)
OPTIONS = {"url": "https://example.org/stars.tsv"}


def resources(options, answers):
    yield Resource("stars", options["url"], "list", "text")


def check(resource, head):
    if head.lstrip()[:1] == b"<":
        raise Refused("the answer is a page, not a list of stars")


def read(resource, answer):
    return read_table(Layout("variable_stars", TABLES["variable_stars"], required=("name",)), answer, resource.url)
