"""Polite, resumable, verified bytes: from the archives, or from a mirror of them, into blobs and the fetch log.

run          all configured sources; what is fresh is skipped
plan, sizes  what will be asked for, how large it is, what fits
freshness    which answers are fresh
job          one source and its progress
download     one resource: request, receive, verify, keep
verify       whether an answer is what was asked for
client, mirror, hosts, rate_limit, retry, read_deadline, budget      how it is asked for
"""

from lake.fetch.plan import Plan
from lake.fetch.run import run
from lake.fetch.summary import Summary

__all__ = ["Plan", "Summary", "run"]
