"""Lists and their templates over HTTP."""
