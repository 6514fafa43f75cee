"""Views, and the meaning of the names in them."""
