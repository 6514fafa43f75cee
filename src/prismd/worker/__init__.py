"""The worker process: turns at jobs, and retention."""
