"""Speaking to a Prism server over HTTP."""
