"""Mutation tests, on demand: does a test fail when a line is changed? See docs/testing.md."""
