"""Contracts as SQL that finds the rows which break them; and each table's quality."""
