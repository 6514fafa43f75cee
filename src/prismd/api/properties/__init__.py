"""Properties and options over HTTP."""
