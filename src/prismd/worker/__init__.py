"""The process that does import work: turns at jobs, and retention."""
