"""Facts from PostgreSQL for operators: figures, health, and the input of a diagnosis."""
