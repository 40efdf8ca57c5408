"""Polite, resumable, verified bytes: from the archives, or from a mirror of them, into blobs and the ledger.

run          all configured sources; what is fresh is skipped
plan         what need not be asked again
download     one resource: ask, receive, judge, keep
verify       are these bytes what was asked for?
client, mirror, politeness, retry, budget      how it is asked
"""

from lake.fetch.run import Summary, run

__all__ = ["Summary", "run"]
