"""Row sources: CSV, JSON and NDJSON files read as a stream of numbered rows."""
