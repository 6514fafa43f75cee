"""Records in PostgreSQL: read, found by keys, written."""
