"""Uploaded files in PostgreSQL: what is known of them, and their bytes in parts."""
