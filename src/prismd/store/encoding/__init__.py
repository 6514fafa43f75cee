"""How values are encoded for PostgreSQL, and packed."""
