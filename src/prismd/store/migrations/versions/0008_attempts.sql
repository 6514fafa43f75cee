-- Attempts at chunks that were begun. They are noted beside the chunk's own transaction, so that they outlive it where it
-- is lost with its worker or its connection: an attempt that is there when the chunk is begun again did not end.
CREATE TABLE import_attempt (
    team_id  bigint      NOT NULL,
    job_id   uuid        NOT NULL,
    number   integer     NOT NULL,
    attempt  integer     NOT NULL,
    begun_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, job_id, number, attempt),
    FOREIGN KEY (team_id, job_id) REFERENCES import_job ON DELETE CASCADE
);
-- How often the chunk at the cursor was lost so.
ALTER TABLE import_job ADD COLUMN crashes integer NOT NULL DEFAULT 0;
