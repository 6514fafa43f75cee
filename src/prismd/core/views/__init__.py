"""Views: their definitions, and the names in them."""
