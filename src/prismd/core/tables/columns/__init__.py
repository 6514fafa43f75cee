"""The cells of a column: their kinds, the forms in which they are written, and what these leave open."""
