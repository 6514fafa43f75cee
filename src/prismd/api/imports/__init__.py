"""Imports over HTTP: submit, watch, control, read results."""
