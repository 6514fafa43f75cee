"""Use cases of properties and options: read, create, update, delete, and validate values."""
