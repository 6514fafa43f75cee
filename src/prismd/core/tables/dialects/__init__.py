"""How the text of a table is cut into rows and cells."""
