"""Records: reading and validating rows, comparing keys, merging values, and the rules of single writes."""
