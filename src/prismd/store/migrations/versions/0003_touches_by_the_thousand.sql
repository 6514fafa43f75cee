-- What is written by the row of an import has no foreign key, which would cost a look-up for each; whoever purges a job
-- takes these away first.

ALTER TABLE import_touch DROP CONSTRAINT import_touch_team_id_job_id_fkey;
ALTER TABLE import_draft DROP CONSTRAINT import_draft_team_id_job_id_fkey;

COMMENT ON COLUMN import_touch.before IS
    'The values that the import changed, as they were; null where there was none. Up to version 0002 all values.';
COMMENT ON COLUMN import_touch.after IS
    'The same values as the import left them; null where there is none any more. Up to version 0002 all values.';
