"""One httpx client for all hosts of a run: HTTP/1.1, connections kept alive, redirects followed, bytes as they are."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import httpx

import lake
from lake.config import Config
from lake.errors import ConfigError, Unreachable
from lake.fetch import hosts, mirror, read_deadline
from lake.fetch.rate_limit import Politeness, host
from lake.fetch.retry import STATUSES, TryAgain, persistently, retry_after
from lake.redact import redact

_HOPS = 5  # redirects of one request


class Client(httpx.Client):
    pace: read_deadline.Pace


def user_agent(contact: str) -> str:
    """Who asks, and whom an archive can write to about it."""
    system = f"python/{platform.python_version()}"
    return f"astrolake/{lake.__version__} ({contact}) {system}" if contact else f"astrolake/{lake.__version__} {system}"


def open_client(config: Config, manners: Politeness) -> Client:
    """A client to share between threads. Give each request ``extensions={"rate": requests a second}``.

    Raises:
        ConfigError: the mirror is a folder that is not there.
        Unreachable: the mirror at an http(s) URL does not answer.
    """
    root = config.mirror
    over_http = root.startswith(("http://", "https://"))
    if root and not over_http and not Path(root).is_dir():
        raise ConfigError("the mirror is no folder", where=root, next="edit [lake] mirror in lake.toml")
    folder = mirror.Folder(root) if root and not over_http else None
    client = Client(
        transport=folder,
        mounts={"file://": mirror.Local()},
        base_url=config.root.resolve().as_uri() + "/",  # of local files named relative to lake.toml
        verify=False if folder else _tls(),  # a folder speaks no TLS
        headers={"User-Agent": user_agent(config.fetch.contact), "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=config.fetch.timeout,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30),
        follow_redirects=True,
        max_redirects=_HOPS,
    )
    client.pace = read_deadline.Pace(config.fetch)
    read_deadline.keep(client, client.pace)
    hooks: list[Callable[[httpx.Request], None]] = [client.pace.begin]
    if over_http:
        hooks.append(mirror.rewriter(root, mirror.index(_maps(client, root, config, manners))))
    elif not root:
        hooks += [hosts.bearer(config.fetch.tokens), hosts.stay_outside]
    hooks.append(lambda request: manners.wait(host(str(request.url)), request.extensions["rate"]))
    client.event_hooks = {"request": hooks}
    return client


def _maps(client: Client, root: str, config: Config, manners: Politeness) -> list[str]:
    """MANIFEST.tsv and ALIASES.tsv of a mirror at a URL; one that it does not have is empty."""

    def get(name: str) -> str:
        with speaking(client, f"{root}/{name}", {}, 0) as response:
            if response.status_code in (404, 410):
                return ""
            if response.status_code != 200:
                raise TryAgain(f"{response.status_code} {response.reason_phrase}", status=response.status_code)
            return response.read().decode("utf-8")

    settings = config.fetch
    try:
        return [
            persistently(
                lambda name=name: get(name), attempts=settings.attempts, backoff=settings.backoff, sleep=manners.sleep
            )
            for name in mirror.MAPS
        ]
    except TryAgain as error:
        raise Unreachable(
            f"the mirror does not answer: {error.reason}",
            where=redact(root),
            why="it is not running, or [lake] mirror in lake.toml names another place",
            next=f"curl -I {redact(root)}/",
        ) from None


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # reading the certificates takes longer than a short run


def _local(url: str) -> str:
    """An absolute path as its file: URL; of one that names this machine as its host, without."""
    if url.startswith("/") and not url.startswith("//"):
        return Path(url).as_uri()
    return "file:///" + url.removeprefix("file://localhost/") if url.startswith("file://localhost/") else url


@contextmanager
def speaking(
    client: Client, url: str, headers: dict[str, str], rate: float, *, method: str = "GET"
) -> Iterator[httpx.Response]:
    """The answer to a request, its body not read yet. All that goes wrong on the wire, also while the body is read, and
    statuses that mean "later" are TryAgain."""
    try:
        url = _local(url)
        request = client.build_request(method, url, headers=headers, extensions={"rate": rate, "asked": url})
        if url.startswith("file:"):
            request.url = httpx.URL(url)  # which httpx, since it has no host, would take for a relative one
        with closing(client.send(request, stream=True)) as response:
            client.pace.answered()
            if response.status_code in STATUSES:
                raise TryAgain(
                    f"{response.status_code} {response.reason_phrase}",
                    status=response.status_code,
                    after=retry_after(response.headers.get("Retry-After")),
                )
            yield response
    except httpx.TimeoutException as error:
        raise TryAgain(f"no byte came for {client.timeout.read:g} s ({type(error).__name__})") from None
    except (httpx.NetworkError, httpx.ProtocolError, httpx.ProxyError, httpx.DecodingError) as error:
        raise TryAgain(str(error) or type(error).__name__) from None
