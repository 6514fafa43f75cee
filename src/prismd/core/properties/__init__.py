"""Properties and options: the schema of a team, native and custom."""
