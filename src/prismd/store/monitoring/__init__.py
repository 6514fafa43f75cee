"""What PostgreSQL tells operators: figures, health, and what a diagnosis needs."""
