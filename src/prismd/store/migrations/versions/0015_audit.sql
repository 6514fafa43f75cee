-- Who did what to what, and when. It is written in the transaction of what was done, and only ever added to: triggers refuse
-- everything else, except that the purge of what is too old says until when it deletes. No foreign keys, which would
-- cost a look-up for each write.

CREATE TABLE audit_entry (
    team_id     bigint      NOT NULL,
    at          timestamptz NOT NULL,
    -- Made at random: numbers in a row would tell a team how much others do.
    id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    -- Null where the server did it, or its operator on the command line.
    key_id      uuid,
    request_id  uuid,
    action      text        NOT NULL,
    object_type text,
    -- How many it was done to, and their ids: all of them up to a thousand.
    total       integer     NOT NULL,
    object_ids  uuid[]      NOT NULL,
    details     jsonb       NOT NULL,
    PRIMARY KEY (team_id, at, id)
);
CREATE INDEX audit_entry_of_action ON audit_entry (team_id, action, at, id);
CREATE INDEX audit_entry_of_key ON audit_entry (team_id, key_id, at, id);
CREATE INDEX audit_entry_expiry ON audit_entry (at);

-- By what it was done to.
CREATE TABLE audit_object (
    team_id   bigint      NOT NULL,
    object_id uuid        NOT NULL,
    at        timestamptz NOT NULL,
    entry_id  uuid        NOT NULL,
    PRIMARY KEY (team_id, object_id, at, entry_id)
);

CREATE OR REPLACE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holds_any boolean;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at <= nullif(current_setting('prismd.audit_purged_until', true), '')::timestamptz THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'TRUNCATE' THEN
        -- Nothing is taken from a table that holds nothing, as one that was just made for a restored backup.
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', TG_TABLE_NAME) INTO holds_any;
        IF NOT holds_any THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER keep_audit BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER keep_audit BEFORE UPDATE OR DELETE ON audit_object FOR EACH ROW EXECUTE FUNCTION keep_audit();
CREATE TRIGGER keep_whole_audit BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
CREATE TRIGGER keep_whole_audit BEFORE TRUNCATE ON audit_object FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();

-- Who started an import, for the entry of its end.
ALTER TABLE import_job ADD COLUMN key_id uuid;
