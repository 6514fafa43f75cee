"""PostgreSQL: one module per aggregate, SQL as SQL."""
