"""How large an answer will be, asked with HEAD where an archive serves files: a few of a kind, the others like them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from lake import progress

if TYPE_CHECKING:
    from lake.fetch.client import Client
    from lake.fetch.host_pool import HostPool
    from lake.fetch.plan import Planned

SAMPLE = 16  # requests for the sizes of one kind of answer


class SizeRequest(NamedTuple):
    kind: str  # answers of one kind are of similar size
    host: str
    planned: Planned
    rate: float  # requests a second


def ask(client: Client, requests: Iterable[SizeRequest], pool: HostPool) -> None:
    """Fill in ``need`` of what is planned: what the archive says of the first `SAMPLE` of each kind, and
    their mean for the others.

    A host that gives no answer is not asked for another size: the fetch itself tries longer, and says what is wrong.
    """
    groups: dict[str, list[SizeRequest]] = defaultdict(list)
    for request in requests:
        groups[request.kind].append(request)
    sample = [request for group in groups.values() for request in group[:SAMPLE]]
    done: SimpleQueue[tuple[Planned, int | None]] = SimpleQueue()
    silent: set[str] = set()

    def head(request: SizeRequest) -> None:
        done.put((request.planned, _size(client, request, silent)))

    with progress.bar("sizes", total=len(sample)) as advance:
        for request in sample:
            pool.put(request.host, partial(head, request))
        for _ in sample:
            planned, size = done.get()
            if size is not None:
                planned.need, planned.size_from = size, "HEAD"
            advance()
    for group in groups.values():
        sizes = [request.planned.need for request in group if request.planned.need is not None]
        for _, _, planned, _ in group:
            if planned.need is None and sizes:
                planned.need, planned.size_from = round(sum(sizes) / len(sizes)), "estimate"


def _size(client: Client, request: SizeRequest, silent: set[str]) -> int | None:
    from lake.fetch.client import stream
    from lake.fetch.partial import total

    if request.host in silent:
        return None
    try:
        with stream(client, request.planned.url, {}, request.rate, method="HEAD") as response:
            return total(response) if response.status_code == 200 else None
    except BaseException:  # whatever it is, the thread that waits for the size must go on
        silent.add(request.host)
        return None
