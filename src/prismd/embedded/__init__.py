"""The embedded PostgreSQL: its programs, its data directory and its processes; it starts and stops with prismd."""
