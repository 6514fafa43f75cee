"""Queries over HTTP: by body or query string, in pages."""
