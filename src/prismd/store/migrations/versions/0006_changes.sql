-- What was changed by whom, and what was there before: so that changes can be taken back. What an import did to earlier
-- records is in import_touch; everything else is here. Both are read by record and by change set.

-- A write of records that is no import: who did it, and when. An import or an undo is told by its job.
CREATE TABLE change_set (
    team_id     bigint      NOT NULL,
    id          uuid        NOT NULL,
    kind        text        NOT NULL,
    object_type text        NOT NULL,
    at          timestamptz NOT NULL,
    -- Null where the server did it, or its operator on the command line.
    key_id      uuid,
    request_id  uuid,
    PRIMARY KEY (team_id, id)
);
CREATE INDEX change_set_purge ON change_set (team_id, at);

-- What a change set changed of a record. A new record has no copy of its values: they are in the record. No foreign keys,
-- which would cost a look-up for each row.
CREATE TABLE record_change (
    team_id        bigint  NOT NULL,
    -- A change set, or the job of an undo.
    change_set_id  uuid    NOT NULL,
    record_id      uuid    NOT NULL,
    version_before bigint  NOT NULL,
    version_after  bigint  NOT NULL,
    -- The values that changed, as they were and as they became; null where there is none.
    before         jsonb,
    after          jsonb,
    -- Whether the record was created, deleted or restored; null where only values changed.
    moved          text CHECK (moved IN ('created', 'deleted', 'restored')),
    PRIMARY KEY (team_id, change_set_id, record_id)
);
CREATE INDEX record_change_of_record ON record_change (team_id, record_id, version_after);
CREATE INDEX import_touch_of_record ON import_touch (team_id, record_id, version_after) WHERE version_after IS NOT NULL;

-- The import or undo that a job takes back; null for an import.
ALTER TABLE import_job ADD COLUMN undoes uuid;
-- Of an undo, the records in each outcome that the counts of an import do not have; reverted records count as updated.
ALTER TABLE import_job ADD COLUMN partly_reverted integer NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN kept integer NOT NULL DEFAULT 0;
ALTER TABLE import_job ADD COLUMN gone integer NOT NULL DEFAULT 0;
-- Whether all changes since the job have been kept, so that it can be taken back. Jobs of before this table cannot.
ALTER TABLE import_job ADD COLUMN changes_kept boolean NOT NULL DEFAULT false;

ALTER TABLE import_result ADD COLUMN partly_reverted integer NOT NULL DEFAULT 0;
ALTER TABLE import_result ADD COLUMN kept integer NOT NULL DEFAULT 0;
ALTER TABLE import_result ADD COLUMN gone integer NOT NULL DEFAULT 0;
