"""Errors that say that a database cannot be used: the server's own one, the embedded one, or one that is given."""

from __future__ import annotations


class DatabaseUnusableError(Exception):
    """PostgreSQL cannot be used as it is; the message says why and what to do."""


class DatabaseAwayError(DatabaseUnusableError):
    """PostgreSQL cannot be reached, which may pass."""
