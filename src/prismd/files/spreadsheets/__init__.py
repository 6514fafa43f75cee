"""Spreadsheets as sheets of rows of cells; all of it runs in a process of its own."""
