"""Connections to PostgreSQL: opening, pooling and limiting them to a team, and the meaning of their errors."""
