-- How many records the rows of a job made for references by key, and how many such references were left out.
ALTER TABLE import_job ADD COLUMN references_created integer NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN references_left_empty integer NOT NULL DEFAULT 0;
