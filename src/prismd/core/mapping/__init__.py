"""Columns of tables to properties of records: mapping documents, rows made by them, and proposals with reasons."""
