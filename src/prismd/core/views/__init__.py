"""Views, and what the names in them mean."""
