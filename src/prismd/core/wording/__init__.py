"""Values and names in sentences for people."""
