"""The caller of a request: API keys, wrong keys, and the scopes of a key."""
