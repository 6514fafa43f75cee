"""The audit of a team over HTTP."""
