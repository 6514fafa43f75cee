"""Use cases of single records and of batches: read, write, delete, restore, find."""
