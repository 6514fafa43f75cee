"""API keys: their scopes, and keys that could be guessed."""
