"""Reading files and sending their rows to any Prism server: it knows the public API, and nothing of the server."""
