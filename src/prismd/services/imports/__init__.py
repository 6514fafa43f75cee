"""Use cases of imports: submit one, do its chunks, cancel or retry it, read its results."""
