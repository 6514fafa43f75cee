"""Grants over HTTP."""
