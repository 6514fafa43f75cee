"""Realtime in PostgreSQL: tickets, and word of changes."""
