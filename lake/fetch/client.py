"""One httpx client for all hosts of a run: HTTP/1.1, connections kept alive, redirects followed, bytes as they are."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path

import httpx

import lake
from lake.config import Config
from lake.errors import ConfigError, Unreachable
from lake.fetch import hosts, mirror, read_deadline
from lake.fetch.rate_limit import RateLimiter, host
from lake.fetch.retry import STATUSES, Retryable, retry_after, with_retries
from lake.redact import redact

_MAX_REDIRECTS = 5  # of one request


class Client(httpx.Client):
    deadline: read_deadline.ReadDeadline


def user_agent(contact: str) -> str:
    """The User-Agent header: the engine, its version, and whom an archive can write to."""
    system = f"python/{platform.python_version()}"
    return f"astrolake/{lake.__version__} ({contact}) {system}" if contact else f"astrolake/{lake.__version__} {system}"


def open_client(config: Config, limiter: RateLimiter) -> Client:
    """A client to share between threads. Give each request ``extensions={"rate": requests a second}``.

    Raises:
        ConfigError: the mirror is a folder that is not there.
        Unreachable: the mirror at an http(s) URL does not answer.
    """
    root = config.mirror
    over_http = root.startswith(("http://", "https://"))
    if root and not over_http and not Path(root).is_dir():
        raise ConfigError("mirror folder not found", where=root, next="edit [lake] mirror in lake.toml")
    folder = mirror.Folder(root) if root and not over_http else None
    client = Client(
        transport=folder,
        mounts={"file://": mirror.Local()},
        base_url=config.root.resolve().as_uri() + "/",  # of local files named relative to lake.toml
        verify=False if folder else _tls(),  # a folder needs no TLS
        headers={"User-Agent": user_agent(config.fetch.contact), "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=config.fetch.timeout,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30),
        follow_redirects=True,
        max_redirects=_MAX_REDIRECTS,
    )
    client.deadline = read_deadline.ReadDeadline(config.fetch)
    read_deadline.install(client, client.deadline)
    hooks: list[Callable[[httpx.Request], None]] = [client.deadline.begin]
    if over_http:
        hooks.append(mirror.rewriter(root, mirror.index(_maps(client, root, config, limiter))))
    elif not root:
        hooks += [hosts.bearer(config.fetch.tokens), hosts.refuse_inward_redirects]
    hooks.append(lambda request: limiter.wait(host(str(request.url)), request.extensions["rate"]))
    client.event_hooks = {"request": hooks}
    return client


def _maps(client: Client, root: str, config: Config, limiter: RateLimiter) -> list[str]:
    """MANIFEST.tsv and ALIASES.tsv of a mirror at a URL; empty where it has none."""

    def read(name: str) -> str:
        with stream(client, f"{root}/{name}", {}, 0) as response:
            if response.status_code in (404, 410):
                return ""
            if response.status_code != 200:
                raise Retryable(f"{response.status_code} {response.reason_phrase}", status=response.status_code)
            return response.read().decode("utf-8")

    settings = config.fetch
    try:
        return [
            with_retries(partial(read, name), attempts=settings.attempts, backoff=settings.backoff, sleep=limiter.sleep)
            for name in mirror.MAPS
        ]
    except Retryable as error:
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
    """An absolute path as its file: URL; a file: URL on localhost without its host."""
    if url.startswith("/") and not url.startswith("//"):
        return Path(url).as_uri()
    return "file:///" + url.removeprefix("file://localhost/") if url.startswith("file://localhost/") else url


@contextmanager
def stream(
    client: Client, url: str, headers: dict[str, str], rate: float, *, method: str = "GET"
) -> Iterator[httpx.Response]:
    """The response to a request, its body unread. Network errors, also while the body is read, and statuses that mean
    "later" raise Retryable."""
    try:
        url = _local(url)
        request = client.build_request(method, url, headers=headers, extensions={"rate": rate, "original": url})
        if url.startswith("file:"):
            request.url = httpx.URL(url)  # which httpx, since it has no host, would take for a relative one
        with closing(client.send(request, stream=True)) as response:
            client.deadline.answered()
            if response.status_code in STATUSES:
                raise Retryable(
                    f"{response.status_code} {response.reason_phrase}",
                    status=response.status_code,
                    after=retry_after(response.headers.get("Retry-After")),
                )
            yield response
    except httpx.TimeoutException as error:
        raise Retryable(f"no byte received for {client.timeout.read:g} s ({type(error).__name__})") from None
    except (httpx.NetworkError, httpx.ProtocolError, httpx.ProxyError, httpx.DecodingError) as error:
        raise Retryable(str(error) or type(error).__name__) from None
