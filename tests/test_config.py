"""lake.toml: what it may say, and that what it may not say is refused by name."""

from __future__ import annotations

import pytest

from lake import config
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


def test_sizes(tmp_path):
    (tmp_path / "lake.toml").write_text('[limits]\nstorage = "1.5 GB"\nmemory = "512 MiB"')
    limits = config.load(tmp_path).limits
    assert (limits.storage, limits.memory) == (1_500_000_000, 512 << 20)
