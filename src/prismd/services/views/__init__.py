"""Use cases of views: make, read, change, delete, and pin records."""
