"""Use cases of repeated requests: a write with an idempotency key, or a client's new attempt, is done once."""
