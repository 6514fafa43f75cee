"""The embedded PostgreSQL: its programs, its directory, its processes, started and ended with prismd."""
