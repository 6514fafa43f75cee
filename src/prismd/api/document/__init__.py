"""The document of the API: operations, shared shapes, and the page that shows them."""
