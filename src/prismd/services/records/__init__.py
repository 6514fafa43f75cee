"""Use cases of single records and batches of them: read, write, delete, restore, find."""
