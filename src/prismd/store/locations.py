"""Finds rows first, then changes or deletes them by their physical address in the table (`ctid`)."""

from __future__ import annotations

from typing import Final

# An address is valid within the table of one node, so the statement names the team too. That offers PostgreSQL an index
# by which it would read all of the team's rows if it believes them to be few: in a table without statistics, or with
# statistics from before a bulk load.
#: A condition that every row meets that WITH ORDINALITY numbered as ``nth``. PostgreSQL expects one such row at most,
#: whatever its statistics say, so it begins with those rows and goes from each to its address.
BEGIN_HERE: Final = "nth + 0 = nth AND nth - 0 = nth"
