"""Queries: their parts, and what they mean (contract, sections 8, 9.4 and 11.3).

``paths`` lead from a record to a value, ``conditions`` test the values at their ends, and ``tree`` is a whole query.
``parsing`` reads a query from JSON, ``semantics`` defines which records match, ``key_lookups`` finds them by record
keys, ``rows`` shows them, and ``cursors`` continue after a page.
"""
