"""One numbered revision per pair of files: what Alembic reads, and its SQL."""
