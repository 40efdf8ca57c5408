"""From blobs to raw tables and cubes."""

from lake.land.run import Summary, Tally, into, run

__all__ = ["Summary", "Tally", "into", "run"]
