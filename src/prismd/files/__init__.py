"""Row sources: files read as a stream of numbered rows."""
