"""The importing client: it reads files and sends their rows to any Prism server, by the public API alone."""
