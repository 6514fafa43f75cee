"""Use cases of queries: a page of records, with what its references lead to."""
