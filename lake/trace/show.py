"""A trace as text, HTML, a picture in DOT, and in the terms of W3C PROV-O."""

from __future__ import annotations

import html as escaping
import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lake.trace.nodes import Inputs, Row, Tree
    from lake.trace.records import Record

_SHOWN = 240  # characters of a record, and of a value, in a tree
_VALUES = 8
CONTEXT = {
    "prov": "http://www.w3.org/ns/prov#",
    "dcterms": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "lake": "urn:lake:",
}


def value(of: Any, most: int = _SHOWN) -> str:
    text = "null" if of is None else json.dumps(of, ensure_ascii=False, default=str) if not isinstance(of, str) else of
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _pairs(values: Mapping[str, Any]) -> str:
    shown = [f"{column} {value(one, 60)}" for column, one in list(values.items())[:_VALUES]]
    more = f", {len(values) - _VALUES} more" if len(values) > _VALUES else ""
    return ", ".join(shown) + more


def text(trace: Tree) -> str:
    """The trace as a tree of lines."""
    name = f"{trace.table}.{trace.column}" if trace.column else trace.table
    head = [f"{name} = {value(trace.value)}  (snapshot {trace.snapshot} of {trace.lake})"]
    shown: set[int] = set()
    lines = [*head, *_lines(trace.row, "", shown), "", *_sources(trace)]
    problems = trace.problems()
    lines += [f"NOT PROVED: {problem}" for problem in problems]
    if not problems:
        lines.append("proved: each model's SQL over the rows shown alone gives the same values, bit for bit")
    return "\n".join(lines)


def _lines(row: Row, before: str, shown: set[int]) -> Iterator[str]:
    yield before + _title(row)
    if id(row) in shown and row.inputs:
        yield f"{before}  as above"
        return
    shown.add(id(row))
    for note in _notes(row):
        yield f"{before}  {note}"
    for inputs in row.inputs:
        more = inputs.needed - len(inputs.rows)
        for child in inputs.rows:
            yield from _lines(child, before + "  ", shown)
        if more:
            yield f"{before}  {inputs.table}: {more:,} more row(s), not followed here (--summary counts all)"
        if idle := inputs.count - inputs.needed:
            yield f"{before}  {inputs.table}: {idle:,} row(s) were compared or counted; it is the same without them"


def _title(row: Row) -> str:
    label = "" if row.kind == "raw" else f" [{_pairs(row.key)}]"
    values = f"  {_pairs(row.values)}" if row.values else ""
    return f"{row.table}{label}{values}"


def _notes(row: Row) -> Iterator[str]:
    if row.where:
        yield f"at {row.where}"
    if row.proved is not None:
        verdict = {"exact": "", "larger": "; these rows are more than it needs: ", "refused": "; all rows: "}[
            row.verdict
        ]
        if verdict or not row.proved:
            proof = "its SQL over the rows below gives it again" if row.proved else "its SQL gives ANOTHER value"
            yield proof + verdict + "; ".join(row.notes)
    if row.problem:
        yield row.problem
    if row.record:
        yield from _record(row.record)


def _record(record: Record) -> Iterator[str]:
    number = f", record {record.number}" if record.number is not None else ""
    yield f"{record.source}/{record.resource}{number}, from {record.url}"
    status = f", HTTP {record.status}" if record.status else ""
    yield f"fetched {record.fetched_at}{status}, sha256 {record.blob}"
    if record.text:
        yield f"bytes {record.start:,} to {record.end:,}{' unpacked' if record.packed else ''}: {value(record.text)}"
    elif not record.problem:
        yield f"the whole answer, {record.size or 0:,} bytes: its format does not tell where one record stands"
    if record.verified:
        yield "verified: the blob has these bytes, and its reader gives this row again"


def _sources(trace: Tree) -> Iterator[str]:
    shown = set()
    for record in trace.records():
        if record.source not in shown:
            shown.add(record.source)
            yield f"{record.title}: {record.licence}"
            if record.citation:
                yield textwrap.fill(record.citation, 100, initial_indent="  cite: ", subsequent_indent="        ")


def html(trace: Tree) -> str:
    """The trace for a notebook: rows that open."""
    name = f"{trace.table}.{trace.column}" if trace.column else trace.table
    head = f"<b>{_e(name)}</b> = {_e(value(trace.value))} <small>snapshot {trace.snapshot}</small>"
    problems = "".join(f"<li>{_e(problem)}</li>" for problem in trace.problems())
    return f"<div>{head}{_details(trace.row, True)}{f'<ul>{problems}</ul>' if problems else ''}</div>"


def _details(row: Row, first: bool = False) -> str:
    notes = "".join(f"<div><small>{_e(note)}</small></div>" for note in _notes(row))
    inner = "".join(_details(child) for inputs in row.inputs for child in inputs.rows) + "".join(
        f"<div><small>{_e(i.table)}: {i.count - len(i.rows):,} more</small></div>"
        for i in row.inputs
        if i.count > len(i.rows)
    )
    opened = " open" if first else ""
    return f'<details{opened} style="margin-left:1em"><summary>{_e(_title(row))}</summary>{notes}{inner}</details>'


def _e(text: str) -> str:
    return escaping.escape(text)


def dot(trace: Tree) -> str:
    """The trace as a graph in the language of Graphviz."""
    lines = ["digraph trace {", "  rankdir=RL; node [shape=box, fontsize=10];"]
    for row in trace.row.walk():
        lines.append(f"  {_node(row)} [label={_quoted(_title(row))}];")
        for inputs in row.inputs:
            lines += [f"  {_node(row)} -> {_node(child)};" for child in inputs.rows]
            if inputs.count > len(inputs.rows):
                lines.append(f"  {_more(row, inputs)} [label={_quoted(f'{inputs.count:,} rows of {inputs.table}')}];")
                lines.append(f"  {_node(row)} -> {_more(row, inputs)} [style=dashed];")
        if row.record:
            label = f"{row.record.source}/{row.record.resource}\\n{row.record.blob[:12]}"
            lines.append(f"  r{id(row.record)} [shape=note, label={_quoted(label)}];")
            lines.append(f"  {_node(row)} -> r{id(row.record)};")
    return "\n".join([*lines, "}"])


def _node(row: Row) -> str:
    return f"n{id(row)}"


def _more(row: Row, inputs: Inputs) -> str:
    return f"m{id(row)}_{inputs.table.replace('.', '_')}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def prov(trace: Tree) -> dict[str, Any]:
    """The trace as JSON-LD in the terms of W3C PROV-O: rows and answers are entities, models' SELECTs activities,
    archives agents.
    """
    numbers = {id(row): f"lake:row/{i}" for i, row in enumerate(trace.row.walk(), 1)}
    graph: list[dict[str, Any]] = []
    answers: dict[str, dict[str, Any]] = {}
    agents: dict[str, dict[str, Any]] = {}
    for row in trace.row.walk():
        entity = _entity(row, numbers)
        if row.proved is not None:
            activity = f"{numbers[id(row)]}/select"
            entity["prov:wasGeneratedBy"] = {"@id": activity}
            graph.append({"@id": activity, "@type": "prov:Activity", "lake:sql": row.where, "lake:proved": row.proved})
        if row.record:
            answer, agent = _answer(row.record), f"lake:archive/{row.record.source}"
            answers[answer["@id"]] = answer
            agents[agent] = {"@id": agent, "@type": "prov:Organization", "dcterms:title": row.record.title}
            entity["prov:hadPrimarySource"] = {"@id": answer["@id"]}
            entity["lake:record"] = row.record.number
            entity["lake:bytes"] = [row.record.start, row.record.end]
            entity["prov:value"] = row.record.text
        graph.append(entity)
    cell = {"lake:snapshot": trace.snapshot, "lake:column": trace.column, "prov:value": trace.value}
    root = {
        "@id": "lake:cell",
        "@type": "prov:Entity",
        **cell,
        "prov:wasDerivedFrom": [{"@id": numbers[id(trace.row)]}],
    }
    return {"@context": CONTEXT, "@graph": [root, *graph, *answers.values(), *agents.values()]}


def _entity(row: Row, numbers: Mapping[int, str]) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "@id": numbers[id(row)],
        "@type": "prov:Entity",
        "lake:table": row.table,
        "lake:kind": row.kind,
        "lake:key": dict(row.key),
        "lake:values": dict(row.values),
    }
    derived = [{"@id": numbers[id(child)]} for inputs in row.inputs for child in inputs.rows]
    if derived:
        entity["prov:wasDerivedFrom"] = derived
        entity["lake:verdict"], entity["lake:notes"] = row.verdict, list(row.notes)
        entity["lake:counts"] = {inputs.table: inputs.count for inputs in row.inputs}
    if row.problem:
        entity["lake:problem"] = row.problem
    return entity


def _answer(record: Record) -> dict[str, Any]:
    return {
        "@id": f"lake:blob/{record.blob}",
        "@type": "prov:PrimarySource",
        "prov:atLocation": record.url,
        "prov:generatedAtTime": record.fetched_at,
        "prov:wasAttributedTo": {"@id": f"lake:archive/{record.source}"},
        "lake:sha256": record.blob,
        "lake:resource": f"{record.source}/{record.resource}",
        "lake:status": record.status,
        "lake:problem": record.problem or None,
        "lake:verified": record.verified,
        "dcterms:license": record.licence,
        "dcterms:bibliographicCitation": record.citation,
    }
