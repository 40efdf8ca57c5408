"""Whom a request reaches: this machine, an inner network, or the world; and who may be told a token."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

import httpx

from lake.fetch.rate_limit import host

Address = IPv4Address | IPv6Address


class Inward(httpx.UnsupportedProtocol):
    """A redirect from an archive in the world to a machine that only this one can reach."""


def is_loopback(url: str) -> bool:
    """Whether a URL is one of this machine, by its text."""
    name = urlsplit(url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def bearer(tokens: Mapping[str, str]) -> Callable[[httpx.Request], None]:
    """A hook that tells each host of ``tokens`` who asks, and no other host or port, also after a redirect; over http
    only this machine itself, since anybody on the way could read it."""

    def tell(request: httpx.Request) -> None:
        if request.headers.get("Authorization", "").startswith("Bearer "):
            del request.headers["Authorization"]
        url = str(request.url)
        if is_private(url) and (token := os.environ.get(tokens.get(host(url), ""), "")):
            request.headers["Authorization"] = f"Bearer {token}"

    return tell


def is_private(url: str) -> bool:
    """Whether nobody between here and there can read what is asked."""
    return urlsplit(url).scheme == "https" or is_loopback(url)


def stay_outside(request: httpx.Request) -> None:
    """A hook that follows no redirect from the world to this machine or an inner network: cloud metadata, routers and
    services there answer whoever asks from here.

    Raises:
        Inward: it would.
    """
    asked = httpx.URL(request.extensions.get("asked", request.url))
    if request.url.host in ("", asked.host) or not _is_inner(request.url.host) or _is_inner(asked.host):
        return
    raise Inward(f"{asked.host} redirects to {request.url}, on this machine or an inner network", request=request)


@lru_cache(1024)
def _is_inner(name: str) -> bool:
    """Whether a host's name stands for an address that is not of the internet; one that nobody knows does not."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a proxy may know it
        return is_loopback(f"//{name}")
    return any(not _global(ip_address(str(address[0]).partition("%")[0])) for *_, address in found)


def _global(address: Address) -> bool:
    inside = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (inside or address).is_global
