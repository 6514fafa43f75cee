"""Properties and options: the schema of a team, with native and custom properties."""
