"""Use cases of operators: figures, health, and a diagnosis."""
