"""From blobs to raw tables and cubes."""

from lake.land.run import Summary, Tally, run

__all__ = ["Summary", "Tally", "run"]
