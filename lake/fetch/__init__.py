"""Polite, resumable, verified bytes: from the archives, or from a mirror of them, into blobs and the fetch log.

run          all configured sources; what is fresh is skipped
plan, sizes  what is about to be asked for, how large it is, what fits
freshness    what need not be asked again
job          one source and how far it is
download     one resource: ask, receive, judge, keep
verify       are these bytes what was asked for?
client, mirror, rate_limit, retry, budget      how it is asked
"""

from lake.fetch.plan import Plan
from lake.fetch.run import Summary, run

__all__ = ["Plan", "Summary", "run"]
