"""The command ``prismd import``: look a file over, send it, tell what became of each row."""
