"""Use cases for operators of a server: figures, health, and a diagnosis."""
