"""The wire: routes, shapes, authentication, limits and errors."""
