"""What the lines of a table are: preamble, header, rows and footer."""
