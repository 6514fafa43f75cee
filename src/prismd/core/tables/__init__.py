"""What the text of a table means: its encoding, dialect, layout, and the forms of its cells."""
