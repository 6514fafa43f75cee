"""Queries: what may be asked of a team's records, and what the answer is (contract, sections 8, 9.4 and 11.3).

``paths`` are the ways from a record to a value, ``conditions`` what a filter says of it, ``tree`` a whole query.
``parsing`` reads one from JSON, ``semantics`` says which records it wants, ``key_lookups`` by which keys they can be
found, ``rows`` how they are shown, and ``cursors`` where a page of them ended.
"""
