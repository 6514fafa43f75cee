"""Encodings of values for PostgreSQL, and packing."""
