"""API keys: what one may do, and which could be guessed."""
