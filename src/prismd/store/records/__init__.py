"""Records in PostgreSQL: reading them, finding them by keys, writing them."""
