"""Errors of a database that cannot be used: the server's own, the embedded one, or one that the user names."""

from __future__ import annotations


class DatabaseUnusableError(Exception):
    """PostgreSQL cannot be used in its present state; the message says why and what to do."""


class DatabaseAwayError(DatabaseUnusableError):
    """PostgreSQL cannot be reached; this may pass."""
