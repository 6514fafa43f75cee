"""Saved mappings over HTTP."""
