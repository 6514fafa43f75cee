"""The importing client: it reads files and sends their rows to any Prism server, only through the public API."""
