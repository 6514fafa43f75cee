"""The import pipeline: four ways to save time that change no result, behind one switch.

With the setting ``import_pipeline`` off, nothing in this room is used: a worker waits while PostgreSQL works, and
``rows.py`` parses, matches, plans and writes one step after the other. With the setting on:

- ``core/imports/pipeline/row_templates.py`` recognises rows with the shape of earlier rows, without parsing them;
- ``overlapped_connection.py`` does other work while PostgreSQL works;
- ``deferred.py`` holds the computations that a chunk defers until then;
- ``reading_ahead.py`` reads the job's next chunk when no deferred work is left.

Each module states at its head what holds before and after, and why the outcome cannot differ. ``row_importers.py``
wraps the steps of ``rows.py`` with them, and ``import_pipeline.py`` holds the state of a worker between turns.
"""
