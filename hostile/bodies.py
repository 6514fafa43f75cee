"""Hostile ways of sending a body: slow, without end, as something else than it is, of another length than it has."""

from __future__ import annotations
