"""Realtime in PostgreSQL: tickets and notifications."""
