"""Everything that makes imports fast and changes nothing that comes out: the import pipeline, behind one switch.

With the setting ``import_pipeline`` off, nothing in here is used: a worker waits while PostgreSQL works, and
``rows.py`` parses, matches, plans and writes one step after the other. With it on, four things save time:

- ``core/imports/pipeline/row_templates.py`` recognises rows of the shape of earlier ones instead of parsing them;
- ``overlapped_connection.py`` works while PostgreSQL does;
- ``deferred.py`` holds the work that a chunk puts off until then;
- ``reading_ahead.py`` reads the job's next chunk when nothing else is left to do.

Each says at its head what holds before and after, and why the outcome cannot differ. ``row_importers.py`` wraps the
steps of ``rows.py`` with them, and ``import_pipeline.py`` is what a worker keeps from turn to turn.
"""
