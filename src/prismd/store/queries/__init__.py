"""Queries in PostgreSQL: their SQL and their pages."""
