"""Queries: what may be asked of a team's records, and what the answer is (contract, sections 8, 9.4 and 11.3).

``paths`` are the ways from a record to a value, ``conditions`` what a filter says of it, ``tree`` a whole query,
``parse`` reads one from JSON, ``meaning`` says what it means, ``cursors`` where a page of it ended.
"""
