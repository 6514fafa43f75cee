"""The other programs, in the order in which they are measured."""
