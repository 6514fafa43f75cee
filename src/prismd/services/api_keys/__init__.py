"""Use cases of API keys: make, list, rotate, revoke, and check who is calling."""
