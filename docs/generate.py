"""Write docs/reference/ from the code: the command line, the public Python names, and JSON Schemas of what users write.

python docs/generate.py            # write the pages
python docs/generate.py --check    # exit 1 where a page is not what the code gives
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from lake.marks import Mark

REFERENCE = Path(__file__).parent / "reference"
PUBLIC = ("lake", "lake.train", "lake.contract", "lake.testing", "lake.sources.contract", "lake.errors")
GENERATED = "<!-- Written by docs/generate.py; edit the code instead. -->\n"


def command_line() -> str:
    """Every command's --help, as a page."""
    from lake.cli import lake

    sections = [f"{GENERATED}\n# Command line\n", _help(lake, "lake")]
    context = click.Context(lake, info_name="lake")
    for name in lake.list_commands(context):
        command = lake.get_command(context, name)
        assert command is not None
        sections.append(_help(command, f"lake {name}"))
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=f"lake {name}")
            sections += [_help(command.get_command(inner, sub), f"lake {name} {sub}") for sub in command.commands]
    return "\n".join(sections)


def _help(command: click.Command | None, name: str) -> str:
    assert command is not None
    context = click.Context(command, info_name=name, max_content_width=110, terminal_width=110)
    return f"## `{name}`\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


def python_names() -> str:
    """The public names of each public module: signature and docstring."""
    sections = [f"{GENERATED}\n# Python\n\nEverything else is private and may change.\n"]
    for module_name in PUBLIC:
        module = importlib.import_module(module_name)
        sections.append(f"## {module_name}\n\n{(inspect.getdoc(module) or '').splitlines()[0]}\n")
        sections += [text for name in sorted(module.__all__) if (text := _entry(module_name, module, name))]
    return "\n".join(sections)


def _entry(module_name: str, module: Any, name: str) -> str:
    value = getattr(module, name)
    value = getattr(value, "__wrapped__", value) if inspect.ismodule(value) else value
    if not (inspect.isclass(value) or callable(value)):
        return ""
    if inspect.isclass(value) and issubclass(value, BaseException):
        text = f"{inspect.getdoc(value) or ''} Exit code {getattr(value, 'exit_code', 1)}.".strip()
        return f"### `{module_name}.{name}`\n\n{text}\n"
    parts = [f"### `{module_name}.{name}`\n", f"```python\n{name}{_signature(value)}\n```\n", _doc(value)]
    if inspect.isclass(value):
        parts += list(_methods(value))
    return "\n".join(parts)


def _methods(owner: type) -> Iterator[str]:
    for name, member in vars(owner).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        if issubclass(owner, Mark) and name in vars(Mark):  # what the engine asks a mark for; no user calls it
            continue
        signature = "" if isinstance(member, property) else _signature(member)
        yield f"#### `{owner.__name__}.{name}`\n\n```python\n{name}{signature}\n```\n\n{_doc(member)}"


def _signature(value: Any) -> str:
    try:
        return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(value)))
    except (TypeError, ValueError):
        return "(...)"


def _doc(value: Any) -> str:
    text = inspect.getdoc(value) or ""
    return f"```text\n{text}\n```\n" if text else ""


def schemas() -> dict[str, str]:
    """JSON Schemas of what users write, by file."""
    from lake.config import Config

    return {"lake.toml.schema.json": json.dumps(Config.model_json_schema(), indent=2, sort_keys=True) + "\n"}


def pages() -> dict[str, str]:
    return {"command-line.md": command_line(), "python.md": python_names(), **schemas()}


def main() -> int:
    stale = [
        name
        for name, text in pages().items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text("utf-8") != text
    ]
    if "--check" in sys.argv:
        for name in stale:
            print(f"docs/reference/{name} is stale; next: python docs/generate.py", file=sys.stderr)
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
