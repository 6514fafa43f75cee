"""The rules of imports: requests, options, jobs, matching rows with records, and results."""
