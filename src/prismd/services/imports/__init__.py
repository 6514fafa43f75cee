"""Use cases of imports: submit, carry out chunk by chunk, control, read results."""
