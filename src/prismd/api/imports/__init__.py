"""Imports over HTTP: submitting, watching and controlling them, and reading results."""
