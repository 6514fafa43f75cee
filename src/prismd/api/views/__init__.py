"""Views and their records over HTTP."""
