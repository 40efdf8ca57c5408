"""lake.toml: what it may say, and that what it may not say is refused by name."""

from __future__ import annotations

import hashlib
import json

import pytest

from lake import config, project
from lake.errors import ConfigError

WRONG = {
    "an object store": ('[lake]\ndata = "s3://bucket/lake"', "s3"),
    "another": ('[lake]\ndata = "gs://bucket/lake"', "gs"),
    "a NUL": ('[lake]\ndata = "a\\u0000b"', "NUL"),
    "no end": ('[limits]\nstorage = "inf GB"', "is not a size"),
    "no number": ('[limits]\nmemory = "nan GB"', "is not a size"),
    "too large for a double": ('[limits]\nmemory = "1e999 GB"', "is not a size"),
    "infinite": ("[limits]\nstorage = inf", "storage"),
    "below": ('[limits]\nstorage = "-1 GB"', "storage"),
    "deep": ("x = " + "[" * 5000 + "]" * 5000, "nested too deep"),
    "unknown": ("[limits]\nstorag = 1", "did you mean 'storage'?"),
    "not TOML": ("[limits\n", "not valid TOML"),
    "not UTF-8": (b'[lake]\nname = "\xff"', "not valid TOML"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_setting_that_cannot_be_is_named(tmp_path, what):
    text, said = WRONG[what]
    (tmp_path / "lake.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path)
    assert said in str(caught.value)
    assert "lake.toml" in caught.value.where


ROLES = '[roles]\nruns = "core.days"\nkey = "day_key"\n'
WHERE = {
    "a value": ('[limits]\n# memory\nmemory = "x"\n', 3),
    "a name": ("[lake]\n[limits]\nthreads = 1\nstorag = 1\n", 4),
    "dotted": ('lake.name = "a"\nlimits.threads = 0\n', 2),
    "what is lacking": ('[lake]\n\n[roles]\nruns = "core.days"\n', 3),
    "an array of tables": (
        '[[leaks.allow]]\nleak = "a"\nbecause = "b"\n[[leaks.allow]]\nleak = "c"\nbecause = ""\n',
        6,
    ),
    "a name in quotes": ('[domains."a.b"]\npriority = "x"\n', 2),
    "inline": ("[lake]\n[domains]\na = { priority = 'x' }\n", 3),
    "no table's name": (ROLES.replace("core.days", "days"), 2),
    "no column's name": (ROLES.replace("day_key", "day key"), 3),
    "a reserved word": (f'{ROLES}group = "order"\n', 4),
    "a batch's own name": (ROLES.replace("day_key", "mask"), 3),
}


@pytest.mark.parametrize("what", WHERE)
def test_a_setting_that_does_not_fit_is_shown_by_its_line(tmp_path, what):
    text, line = WHERE[what]
    (tmp_path / "lake.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path)
    assert caught.value.where == f"{tmp_path / 'lake.toml'}:{line}"


def test_a_lake_of_before_there_were_roles_has_those_of_its_project(tmp_path):
    """And the project's own lake.toml says the same."""
    (tmp_path / "lake.toml").write_text("")
    roles = config.load(tmp_path).roles
    assert (roles.runs, roles.key, roles.group) == ("core.planet_runs", "planet_run_key", "star")
    assert "[roles]" in (project.home() / "lake.toml").read_text()
    assert config.load(project.home()).roles == roles


def test_what_a_batch_of_such_a_lake_holds_keeps_its_name(tmp_path):
    """Packs are named by the text of what they hold: another blank, and all of them would be made again."""
    (tmp_path / "lake.toml").write_text("")
    settings = config.load(tmp_path)
    text = json.dumps(settings.modalities).encode()
    assert hashlib.sha256(text).hexdigest() == "32a766a93a4bc80b68a1ab312471f88f3b17414f46f17ad11e52d12db016d045"
    assert settings.roles.identity == {}


def test_roles_of_another_field_have_nothing_of_the_first(tmp_path):
    (tmp_path / "lake.toml").write_text(ROLES)
    settings = config.load(tmp_path)
    roles = settings.roles
    assert settings.modalities == {}
    assert roles.identity == {"runs": "core.days", "key": "day_key"}
    assert roles.model_dump() == {
        "runs": "core.days",
        "key": "day_key",
        "split": "split",
        "group": "",
        "name": "",
        "cube": "",
    }


def test_sizes(tmp_path):
    (tmp_path / "lake.toml").write_text('[limits]\nstorage = "1.5 GB"\nmemory = "512 MiB"')
    limits = config.load(tmp_path).limits
    assert (limits.storage, limits.memory) == (1_500_000_000, 512 << 20)
