"""What the table of a file is, and what its columns become: as proved, as somebody says, or as somebody answers."""
