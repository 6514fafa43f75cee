"""Use cases: open a transaction, call the core, write, commit."""
