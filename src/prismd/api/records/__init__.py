"""Records over HTTP: reading and writing single ones and batches."""
