"""From a raw row to the record of the answer that it was read from: where its bytes stand, and whether they give it."""

from __future__ import annotations

import datetime
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake import sources
from lake.config import Config
from lake.errors import ConfigError, LakeError, StorageError
from lake.store import accepted_damage, blobs

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.land.configured import Configured
    from lake.sources.contract import Resource
    from lake.trace.stored import Landing

MOST = 4_000  # bytes of a record that are shown
_ORIGIN = ("_resource", "_blob", "_record")
_LINES = ("text", "csv", "tsv")
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an archive's answer.

    Attributes:
        number: which record of the answer, as its reader counts them; None: the whole answer.
        start, end: its bytes within the answer (within what it unpacks to, where ``packed``); None where the format
            does not tell, and then ``text`` is empty.
        text: these bytes as the archive sent them, `MOST` of them at most; bytes that are not UTF-8 are replaced.
        licence, citation: of the archive.
        problem: why it cannot be had, or does not give the row: the blob is gone, or has other bytes.
        verified: whether the blob has the bytes of its name, and its reader gives the raw row again; None: not asked.
    """

    source: str
    title: str
    resource: str
    blob: str
    number: int | None
    url: str
    fetched_at: str
    status: int | None
    reader: int | None
    licence: str
    citation: str
    size: int | None = None
    start: int | None = None
    end: int | None = None
    text: str = ""
    packed: bool = False
    problem: str = ""
    verified: bool | None = None


def of(config: Config, landing: Landing | None, values: Mapping[str, Any]) -> Record:
    """The record of a raw row, given by the row's values."""
    resource, blob, number = (values.get(column) for column in _ORIGIN)
    source, _, id = str(resource).partition("/")
    try:
        facts = sources.get(source).FACTS
        title, licence, citation = facts.title, facts.licence, facts.citation
    except ConfigError:  # its plugin is not installed any more
        title, licence, citation = source, "not known", ""
    record = Record(
        source=source,
        title=title,
        resource=id,
        blob=str(blob),
        number=number,
        url=landing.url if landing else "",
        fetched_at=landing.fetched_at if landing else "",
        status=landing.status if landing else None,
        reader=landing.reader if landing else None,
        licence=licence,
        citation=citation,
    )
    path = blobs.path(config.data, str(blob))
    if not path.is_file():
        return replace(record, problem=_gone(config, str(blob), landing))
    return replace(record, size=path.stat().st_size, **located(path, number, values))


def _gone(config: Config, blob: str, landing: Landing | None) -> str:
    path = blobs.path(config.data, blob)
    how = accepted_damage.known(config).get(str(path.relative_to(config.data)))
    folder = next((one for one in path.parents if one.is_dir()), config.data)
    since = f"since {_when(folder.stat().st_mtime)} at the latest"
    landed = f"; it was there when it was fetched, {landing.fetched_at}" if landing else ""
    return f"the blob {blob[:12]} is gone {since}{landed}; {how or 'next: lake fetch --force, then lake land'}"


def _when(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def located(path: Path, number: int | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Where a record's bytes stand in an answer, and what they are; empty where that is not sure.

    A place is believed only where the texts of the row stand there: of a line, an XML element or a JSON object.
    """
    if number is None:
        return {}
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    content = _content(path, packed)
    texts = [text for column, value in values.items() if column not in _ORIGIN for text in _texts(value)]
    for locate in (_line, _element, _object):
        span = locate(content, number, texts)
        if span:
            start, end = span
            text = content[start : min(end, start + MOST)].decode("utf-8", "replace")
            return {"start": start, "end": end, "text": text, "packed": packed}
    return {}


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) and value else []


def _content(path: Path, packed: bool) -> bytes:
    if not packed:
        return path.read_bytes()
    import gzip

    with gzip.open(path) as file:
        return file.read()


def _has(piece: bytes, texts: Iterable[str]) -> bool:
    """Whether a piece of an answer holds most of a row's texts: some are made of several, or come from elsewhere."""
    listed = [text for text in texts if len(text) > 1]
    plain = re.sub(rb"\s+", b" ", piece)
    matching = sum(_plain(text) in plain for text in listed)
    return bool(listed) and matching * 2 >= len(listed)


def _plain(text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if "&" in text else text
    return re.sub(rb"\s+", b" ", escaped.encode()) if escaped != text else re.sub(r"\s+", " ", text).encode()


def _line(content: bytes, number: int, texts: list[str]) -> tuple[int, int] | None:
    start = -1
    at = 0
    for _ in range(number):
        if at < 0 or at >= len(content):
            return None
        start = at
        at = content.find(b"\n", at) + 1 or -1
    end = at if at > 0 else len(content)
    return (start, end) if start >= 0 and _has(content[start:end], texts) else None


def _element(content: bytes, number: int, texts: list[str]) -> tuple[int, int] | None:
    """The smallest that fits of the elements of that number: of all, of those below the root, of those of its name."""
    if content.lstrip()[:1] != b"<":
        return None
    fitting = [span for span in _elements(content, number) if _has(content[span[0] : span[1]], texts)]
    return min(fitting, key=lambda span: span[1] - span[0], default=None)


def _elements(content: bytes, number: int) -> list[tuple[int, int]]:
    from xml.parsers import expat

    parser = expat.ParserCreate()
    counts = {"all": 0, "depth": 0, "top": 0}
    opened: dict[str, tuple[int, int]] = {}
    spans: dict[str, tuple[int, int]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        counts["all"] += 1
        counts["depth"] += 1
        if counts["depth"] == 2:
            counts["top"] += 1
        counts["=" + tag] = counts.get("=" + tag, 0) + 1
        top = counts["top"] if counts["depth"] == 2 else -1
        for key, nth in (("all", counts["all"]), ("top", top), ("=" + tag, counts["=" + tag])):
            if nth == number and key not in opened:
                opened[key] = (parser.CurrentByteIndex, counts["depth"])

    def end(tag: str) -> None:
        for key, (at, depth) in opened.items():
            if depth == counts["depth"] and key not in spans:
                close = content.find(b">", parser.CurrentByteIndex) + 1
                spans[key] = (at, close)
        counts["depth"] -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return []
    return list(spans.values())


def _object(content: bytes, number: int, texts: list[str]) -> tuple[int, int] | None:
    """The so-manieth object of the first JSON array of objects."""
    text = content.decode("utf-8", "replace")
    if text.lstrip()[:1] not in ("{", "["):
        return None
    decoder = json.JSONDecoder()
    for array in re.finditer(r"\[\s*(?=\{)", text):
        at, index = array.end(), 0
        while at < len(text) and text[at] == "{":
            try:
                _, end = decoder.raw_decode(text, at)
            except ValueError:
                return None
            index += 1
            if index == number:
                start = len(text[:at].encode())
                span = (start, start + len(text[at:end].encode()))
                return span if _has(content[span[0] : span[1]], texts) else None
            more = re.compile(r"\s*,\s*").match(text, end)
            at = more.end() if more else len(text)
    return None


# That the blob gives the row


def verified(config: Config, record: Record, table: str, values: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the blob has the bytes of its name, and the source's reader gives the raw row again; why not."""
    try:
        blobs.verify(config.data, record.blob)
    except StorageError as error:
        path = blobs.path(config.data, record.blob)
        since = f", since {_when(path.stat().st_mtime)} at the latest" if path.is_file() else ""
        return False, f"{error.what}{since}; next: {error.next}"
    try:
        rows = _read(config, record, table.removeprefix("raw."))
    except (LakeError, OSError) as error:
        return False, f"its reader cannot read it now: {error}"
    if rows is None:
        return False, f"lake.toml does not name the source {record.source} any more: its reader is not asked"
    return _agrees(rows, values, record)


def _read(config: Config, record: Record, table: str) -> list[pa.Table] | None:
    """What the source's reader gives of an answer for one raw table; kept, for other rows of it."""
    key = (str(config.data), record.source, record.resource, record.blob, table)
    if key not in _read_before:
        if len(_read_before) > 8:
            _read_before.clear()
        resource = _resource(config, record)
        if resource is None:
            return None
        _read_before[key] = list(_tables(config, record, resource, table))
    return _read_before[key]


_read_before: dict[tuple[str, ...], list[pa.Table]] = {}


_configured_before: dict[tuple[str, str], Configured] = {}  # of this process


def _resource(config: Config, record: Record) -> Resource | None:
    """What was asked for, as lake.toml says it now."""
    from lake.land import configured

    if record.source not in config.sources:
        return None
    key = (str(config.data), record.source)
    if key not in _configured_before:
        _configured_before[key] = configured.of(config, record.source)
    now = _configured_before[key]
    answers = {answer.resource: answer for answer in now.answers}
    return configured.described(now, answers[record.resource]) if record.resource in answers else None


def _tables(config: Config, record: Record, resource: Resource, table: str) -> Iterable[pa.Table]:
    from lake.formats.answer import Answer
    from lake.formats.part import Part
    from lake.land import worker
    from lake.land.job import Job

    with tempfile.TemporaryDirectory(prefix="trace-", dir=config.data / "tmp") as folder:
        settings = worker.Settings(Path(folder), config.limits.reader_memory)
        job = Job(record.source, resource, record.blob, record.reader or 0, record.fetched_at)
        answer = Answer(blobs.path(config.data, record.blob), settings.memory)
        for read in sources.get(record.source).read(resource, answer):
            for part in [read] if isinstance(read, Part) else worker._stored(settings, job, read):
                if part.table == table:
                    yield part.rows


def _agrees(tables: list[pa.Table], values: Mapping[str, Any], record: Record) -> tuple[bool, str]:
    import pyarrow.compute as pc

    for rows in tables:
        numbered = record.number is not None and "_record" in rows.column_names
        chosen = rows.filter(pc.equal(rows["_record"], record.number)) if numbered else rows
        for row in chosen.to_pylist():
            shared = {column: value for column, value in row.items() if column in values}
            if all(_same(value, values[column]) for column, value in shared.items()):
                return True, ""
    where = f"record {record.number} of " if record.number is not None else ""
    return False, f"its reader gives no such row of {where}{record.source}/{record.resource} now"


def _same(a: Any, b: Any) -> bool:
    return repr(a) == repr(b) or a == b
