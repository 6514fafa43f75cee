"""Use cases of queries: a page of records, with the records that they refer to."""
