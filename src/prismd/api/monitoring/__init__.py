"""Health and metrics over HTTP, for people who run the server."""
