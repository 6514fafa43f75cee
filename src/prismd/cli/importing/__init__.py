"""The command ``prismd import``: check a file, send its rows, and report the outcome of each."""
