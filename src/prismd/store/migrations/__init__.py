"""The schema of the database: numbered files of SQL, applied in order."""
