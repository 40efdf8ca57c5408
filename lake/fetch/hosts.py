"""Where a request goes: this machine, an inner network, or the internet; and which hosts may be sent a token."""

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


class InwardRedirect(httpx.UnsupportedProtocol):
    """A redirect from the internet to this machine or an inner network."""


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    name = urlsplit(url).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def bearer(tokens: Mapping[str, str]) -> Callable[[httpx.Request], None]:
    """A hook that sends each host of ``tokens`` its bearer token, and no other host or port, also after a redirect;
    over http only to this machine, since anybody on the way could read it."""

    def add_token(request: httpx.Request) -> None:
        if request.headers.get("Authorization", "").startswith("Bearer "):
            del request.headers["Authorization"]
        url = str(request.url)
        if is_private(url) and (token := os.environ.get(tokens.get(host(url), ""), "")):
            request.headers["Authorization"] = f"Bearer {token}"

    return add_token


def is_private(url: str) -> bool:
    """Whether nobody on the way can read the request."""
    return urlsplit(url).scheme == "https" or is_loopback(url)


def refuse_inward_redirects(request: httpx.Request) -> None:
    """A hook that follows no redirect from the world to this machine or an inner network: cloud metadata, routers and
    services there answer whoever asks from here.

    Raises:
        InwardRedirect: it would.
    """
    original = httpx.URL(request.extensions.get("original", request.url))
    if request.url.host in ("", original.host) or not _is_inner(request.url.host) or _is_inner(original.host):
        return
    raise InwardRedirect(
        f"{original.host} redirects to {request.url}, on this machine or an inner network", request=request
    )


@lru_cache(1024)
def _is_inner(name: str) -> bool:
    """Whether a host's name resolves to an address that is not on the internet; one that does not resolve is not."""
    try:
        addresses = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a proxy may know it
        return is_loopback(f"//{name}")
    return any(not _global(ip_address(str(address[0]).partition("%")[0])) for *_, address in addresses)


def _global(address: Address) -> bool:
    inside = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (inside or address).is_global
