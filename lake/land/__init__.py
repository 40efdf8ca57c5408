"""From blobs to raw tables and cubes."""

from lake.land.run import Summary, Tally, into, prepare, run, schemas

__all__ = ["Summary", "Tally", "into", "prepare", "run", "schemas"]
