"""From SQL to a published snapshot: graph (what reads what), plan (what is stale, and why), run (one transaction)."""
