"""HTTP for all nouns: protocol, middleware, bodies, paths, query strings, errors."""
