"""Exports of records as streams."""
