"""Records over HTTP: read and write single ones and batches."""
