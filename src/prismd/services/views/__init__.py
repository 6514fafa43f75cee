"""Use cases of views: create, read, update, delete, and pin records."""
