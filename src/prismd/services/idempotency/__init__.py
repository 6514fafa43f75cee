"""Use cases of repeats: a write under a key, or one that a client sends again, is done once."""
