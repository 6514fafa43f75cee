-- How many contacts the rows of an import made by naming addresses that nobody had.

ALTER TABLE import_job ADD COLUMN contacts_created integer NOT NULL DEFAULT 0;
