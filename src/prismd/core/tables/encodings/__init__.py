"""The encoding of a table's bytes: proved by the letters that people write, or asked."""
