"""Records: a row read and validated, matched by keys, merged into what is there."""
