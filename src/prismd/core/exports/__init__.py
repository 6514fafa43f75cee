"""Exports: which columns a team's records have outside of prismd, and each record as a row that imports read back."""
