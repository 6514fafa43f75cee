"""Idempotency in PostgreSQL: answers that are kept for repeats."""
