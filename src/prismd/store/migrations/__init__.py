"""The schema of the database, as numbered files of SQL that are applied in order."""
