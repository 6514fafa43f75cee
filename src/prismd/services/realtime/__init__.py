"""Use cases of the realtime stream: tickets, and word of changes."""
