-- The request that made an import, by whose id the log lines and traces of its chunks are found.
ALTER TABLE import_job ADD COLUMN request_id uuid;
