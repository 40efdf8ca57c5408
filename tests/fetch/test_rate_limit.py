"""Whose turn it is: a host that is limited is asked so often and no oftener, any other at once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lake.fetch import rate_limit


@pytest.mark.parametrize(("limited", "rate"), [(False, 0.1), (True, 0.0)])
def test_a_host_without_a_limit_is_asked_at_once(limited, rate):
    slept: list[float] = []
    limiter = rate_limit.RateLimiter(slept.append, limited=limited)
    for _ in range(5):
        limiter.wait("a", rate)
    assert slept == [0] * 5


def test_a_host_has_its_turns_and_another_its_own(monkeypatch):
    now, turns = 100.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: now))
    limiter = rate_limit.RateLimiter(sleep)
    for host in "aaab":
        limiter.wait(host, 0.5)
        turns.append((host, now))
    assert turns == [("a", 100), ("a", 102), ("a", 104), ("b", 104)]
