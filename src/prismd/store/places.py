"""Rows that are found first, and then changed or deleted by the place where they lie in their table (`ctid`)."""

from __future__ import annotations

from typing import Final

# A place is an address within the table of one node, so the team stands beside it. That offers PostgreSQL an index, by
# which it reads all that the team has wherever it believes that to be little: in a table without statistics, or with
# those of before a bulk load.
#: A condition that every row passes which WITH ORDINALITY has numbered as ``nth``. PostgreSQL expects one row of it at
#: most, whatever it knows of the table, and so begins with those rows and goes from each to its place.
BEGIN_HERE: Final = "nth + 0 = nth AND nth - 0 = nth"
