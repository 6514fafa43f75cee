"""Imports in PostgreSQL: jobs, chunks, attempts, results, effects."""
