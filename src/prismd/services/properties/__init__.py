"""Use cases of properties and options: read, define, change, delete, and try values."""
