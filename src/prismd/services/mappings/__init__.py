"""Use cases of saved mappings."""
