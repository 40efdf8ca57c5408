"""Exports: pictures and the documentation site."""
