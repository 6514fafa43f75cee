"""Uploaded files over HTTP; prismd's own addition to the API."""
