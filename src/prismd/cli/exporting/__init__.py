"""``prismd export``: a client of the public API that writes records to a file."""
