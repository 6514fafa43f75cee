"""Connections to PostgreSQL: opened, pooled, limited to a team, and what their errors mean."""
