"""Who is calling: API keys on requests, wrong keys, and what a key may do."""
