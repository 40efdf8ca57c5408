"""Whose turn it is: a host that is limited is asked so often and no oftener, any other at once."""

from __future__ import annotations

import pytest

from lake.fetch.rate_limit import RateLimiter


@pytest.mark.parametrize(("limited", "rate"), [(False, 0.1), (True, 0.0)])
def test_a_host_without_a_limit_is_asked_at_once(limited, rate):
    slept: list[float] = []
    limiter = RateLimiter(slept.append, limited=limited)
    for _ in range(5):
        limiter.wait("a", rate)
    assert slept == [0] * 5


def test_a_host_has_its_turns_and_another_its_own():
    slept: list[float] = []
    limiter = RateLimiter(slept.append)
    for host in "aaab":
        limiter.wait(host, 0.5)
    assert slept == pytest.approx([0, 2, 4, 0], abs=0.5)
