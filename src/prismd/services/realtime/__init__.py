"""Use cases of the realtime stream: tickets, and notifications of changes."""
