"""Each option of each source, changed offline: what depends on it is landed again, what is named no more leaves, and
nothing else is touched. The raw tables are then those of a lake that was never otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from sources.examples import EXAMPLES

from lake import config, fetch, land, sources
from lake.sources.contract import Resource
from lake.store import catalog

ANY = "https://any.example"
RUN = {"planet": "Earth", "model": "m", "scenario": "s", "kind": "simulation", "title": "t", "citation": "c"}
RUN |= {"licence": "l", "synthetic": False, "conditions": {"insolation": 1361.0}, "gases": {"N2": 0.7}}
RUN |= {"variables": {"surface_temperature": "t"}}
SPECTRUM = {"planet": "A b", "star": "A", "kind": "transmission", "instrument": "i", "reference": "r"}
OPTIONS: dict[str, dict[str, Any]] = {
    "agora": {"collections": ["AGORA", "AGORA2"], "models": ["a.xml", "b.xml"], "urls": [f"{ANY}/c.xml"]},
    "assembly_reports": {"reports": [{"url": f"{ANY}/{n}.txt", "accession": f"GCF_{n}.1"} for n in (1, 2)]},
    "ena": {"files": ["PRJNA1", "PRJNA2"], "records": ["SRS000001"], "sequences": ["X00001"]},
    "exoplanet_eu": {},
    "exoplanets": {"tables": ["toi", "cumulative"]},
    "gcm": {"runs": [{**RUN, "run": f"r{n}", "url": f"{ANY}/{n}.nc"} for n in (1, 2)]},
    "gtdb": {"files": [f"release207/207.0/{name}_taxonomy_r207.tsv" for name in ("ar53", "bac120")]},
    "igsr": {"files": ["a.panel", "b.panel"], "listings": ["release/"]},
    "jgi_gems": {},
    "kegg": {"organisms": [], "kgml": [], "overview": [], "environments": [], "links": ["compound/pathway"]},
    "ncbi": {"summaries": ["refseq", "genbank"], "ani": True},
    "ontologies": {"names": ["envo", "uo"], "urls": [f"{ANY}/x.obo"]},
    "open_exoplanets": {"table": True, "systems": ["a", "b"]},
    "osdr": {"sheets": [f"{ANY}/OSD-1.csv", f"{ANY}/OSD-2.csv"]},
    "spectra": {"files": [{**SPECTRUM, "url": f"{ANY}/{n}.csv"} for n in (1, 2)]},
    "uniprot": {"accessions": ["P00001"], "queries": ["a:1", "b:2"]},
}
BODIES = {  # where the first example of a kind is another's form
    ("exoplanet_eu", "catalogue"): "exoplanet_eu",
    ("osdr", "sheet"): "osdr sheet",
    ("igsr", "list"): "igsr samples",
    ("spectra", "spectrum"): "spectrum text",
}


class Nothing:
    def __call__(self, id: str) -> Path | None:
        return None

    def missing(self, id: str) -> bool:
        return False


def named(source: str, options: Mapping[str, Any]) -> dict[str, Resource]:
    all_ = sources.options(source, options)
    return {one.id: one for one in sources.get(source).resources(all_, Nothing())}


def body(source: str, kind: str) -> bytes | None:
    if (name := BODIES.get((source, kind))) is not None:
        return EXAMPLES[name].body
    return next((one.body for one in EXAMPLES.values() if (one.source, one.kind) == (source, kind)), None)


def describe(folder: Path, source: str, options: Mapping[str, Any]) -> config.Config:
    """A lake.toml of one source, and a mirror beside it that has what the options name."""
    mirror = folder / "mirror"
    mirror.mkdir(parents=True, exist_ok=True)
    lines = ["url\tfile\tdiffers"]
    for one in named(source, options).values():
        if (content := body(source, one.kind)) is not None:
            (mirror / one.kind).write_bytes(content)
            lines.append(f"{one.url}\t{one.kind}\tmade up")
    (mirror / "ALIASES.tsv").write_text("\n".join(lines) + "\n")
    said = "".join(f"{key} = {toml(value)}\n" for key, value in options.items())
    (folder / "lake.toml").write_text(f'[lake]\nmirror = "mirror"\n[sources.{source}]\n{said}')
    return config.load(folder)


def toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


def contents(settings: config.Config, source: str) -> dict[str, str]:
    """The rows of each raw table, as text: NaN is no other than NaN."""
    tables = [*sources.get(source).TABLES, "rejects", "cubes", "cube_variables"]
    queries = {table: f"FROM raw.{table} ORDER BY ALL" for table in tables}
    queries["landings"] = "SELECT * EXCLUDE (landed_at, fetched_at, given) FROM ops.landings ORDER BY ALL"
    with catalog.session(settings) as connection:
        return {table: repr(connection.execute(query).fetchall()) for table, query in queries.items()}


def changes(source: str) -> Iterator[tuple[str, dict[str, Any], int, int]]:
    """A name, the options, how many answers are landed again, how many leave."""
    for option, value in OPTIONS[source].items():
        if isinstance(value, bool):
            yield option, {**OPTIONS[source], option: not value}, 0, 1
        elif isinstance(value, list) and value:
            yield f"{option}: one less", {**OPTIONS[source], option: value[:-1]}, 0, 1
            entry = value[-1] if isinstance(value[-1], dict) else {}
            for field in entry.keys() - {"url", "planet", "model", "scenario", "run"} | entry.keys() & {
                "planet",
                "star",
            }:
                if source == "gcm" and field == "planet":
                    continue  # part of a resource's name
                options = deepcopy(OPTIONS[source])
                options[option][-1][field] = other(field, entry[field])
                yield f"{option}.{field}", options, 1, 0


def other(field: str, value: Any) -> Any:
    if field == "kind":
        return {"simulation": "reanalysis", "transmission": "emission"}[value]
    if field == "accession":
        return "GCF_9.1"
    if isinstance(value, dict):
        key, one = next(iter(value.items()))
        return {key: one + (0.1 if isinstance(one, float) else "x")}
    return not value if isinstance(value, bool) else value + "x"


FIRST = {"assembly_reports"}


@pytest.mark.long
@pytest.mark.parametrize(
    "source", [name if name in FIRST else pytest.param(name, marks=pytest.mark.slow) for name in sorted(OPTIONS)]
)
def test_a_changed_option_gives_what_a_lake_has_that_never_had_another(source, tmp_path):
    settings = describe(tmp_path / "one", source, OPTIONS[source])
    fetch.run(settings)
    first = land.run(settings)
    assert first.tallies[source].landed
    before = contents(settings, source)
    for number, (change, options, anew, away) in enumerate(changes(source)):
        settings = describe(tmp_path / "one", source, options)
        summary = land.run(settings)
        assert (summary.tallies[source].blobs, len(summary.withdrawn)) == (anew, away), change
        after = contents(settings, source)
        assert after != before, f"{change} does not take effect"
        fresh = describe(tmp_path / f"fresh{number}", source, options)
        fetch.run(fresh)
        land.run(fresh)
        assert after == contents(fresh, source), change
        land.run(describe(tmp_path / "one", source, OPTIONS[source]))
        assert contents(settings, source) == before, f"{change}, undone"


def test_all_sources_are_tried():
    assert OPTIONS.keys() == set(sources.names())
