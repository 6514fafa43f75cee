"""Lists, and the templates that they are made from."""
