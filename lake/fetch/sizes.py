"""How large an answer will be, asked with HEAD where an archive serves files: a few of a kind, the others like them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from lake import progress

if TYPE_CHECKING:
    import httpx

    from lake.fetch.host_pool import Lanes
    from lake.fetch.plan import Planned

SAMPLE = 16  # requests for the sizes of one kind of answer
Whom = tuple[str, str, "Planned", float]  # kind, host, what, requests a second


def ask(client: httpx.Client, planned: Iterable[Whom], lanes: Lanes) -> None:
    """Fill in their ``need``: what the archive says of the first `SAMPLE` of each kind, and
    their mean for the others.

    A host that gives no answer is not asked for another size: the fetch itself tries longer, and says what is wrong.
    """
    groups: dict[str, list[Whom]] = defaultdict(list)
    for one in planned:
        groups[one[0]].append(one)
    asked = [one for group in groups.values() for one in group[:SAMPLE]]
    done: SimpleQueue[tuple[Planned, int | None]] = SimpleQueue()
    silent: set[str] = set()
    with progress.bar("sizes", total=len(asked)) as advance:
        for _, host, one, rate in asked:
            lanes.put(
                host, lambda host=host, one=one, rate=rate: done.put((one, _size(client, host, one.url, rate, silent)))
            )
        for _ in asked:
            one, size = done.get()
            if size is not None:
                one.need, one.known = size, "asked"
            advance()
    for group in groups.values():
        known = [one.need for _, _, one, _ in group if one.need is not None]
        for _, _, one, _ in group:
            if one.need is None and known:
                one.need, one.known = round(sum(known) / len(known)), "like others"


def _size(client: httpx.Client, host: str, url: str, rate: float, silent: set[str]) -> int | None:
    from lake.fetch.client import speaking
    from lake.fetch.partial import total

    if host in silent:
        return None
    try:
        with speaking(client, url, {}, rate, method="HEAD") as response:
            return total(response) if response.status_code == 200 else None
    except BaseException:  # whatever it is: who waits for the size must hear of it
        silent.add(host)
        return None
