"""Idempotency in PostgreSQL: answers that are kept for repeated requests."""
