-- The first schema. All data of a team has team_id first in its primary key, and in each key that refers to it, so that
-- the tables can be distributed by team. Where a table is only ever read with its parent, the parent's key comes next, so
-- that one index serves both the row and the listing.

-- Which migrations this database has had.
CREATE TABLE schema_migration (
    version    text        PRIMARY KEY,
    applied_at timestamptz NOT NULL
);

-- Teams and their keys. They are looked up before a team is known.

CREATE TABLE team (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What clients write in paths: a UUID as a rule, any text where MICRO_TEAM_ID says so.
    public_id   text        NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL
);

CREATE TABLE api_key (
    id           uuid        PRIMARY KEY,
    team_id      bigint      NOT NULL REFERENCES team,
    name         text        NOT NULL,
    -- SHA-256 of the key; the key itself is shown once and kept nowhere.
    digest       bytea       NOT NULL UNIQUE,
    -- The last characters, by which people tell keys apart.
    hint         text        NOT NULL,
    created_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    scopes       text[]      NOT NULL CHECK (cardinality(scopes) > 0),
    expires_at   timestamptz,
    -- Written at most once a minute.
    last_used_at timestamptz,
    -- The key in whose place this one was made; each key is replaced once.
    replaces     uuid UNIQUE REFERENCES api_key
);
CREATE INDEX api_key_of_team ON api_key (team_id);

CREATE TABLE realtime_ticket (
    -- SHA-256 of the ticket; the ticket itself is shown once and kept nowhere.
    digest      bytea       PRIMARY KEY,
    team_id     bigint      NOT NULL REFERENCES team,
    expires_at  timestamptz NOT NULL,
    -- What the ticket opened ends with this key.
    key_id      uuid        NOT NULL REFERENCES api_key
);
CREATE INDEX realtime_ticket_expiry ON realtime_ticket (expires_at);

-- A list of records of one type, with properties of its own (contract, section 16.1). Which records are in it and what
-- they hold there is kept with the records.
CREATE TABLE list (
    team_id     bigint      NOT NULL REFERENCES team,
    id          uuid        NOT NULL,
    object_type text        NOT NULL,
    template_id text        NOT NULL,
    name        text        NOT NULL,
    description text,
    icon        text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (team_id, id)
);

-- Custom properties. Native ones are the same in every team and live in core/properties/native.py.
CREATE TABLE property (
    team_id     bigint      NOT NULL REFERENCES team,
    object_type text        NOT NULL,
    id          uuid        NOT NULL,
    slug        text        NOT NULL,
    type        text        NOT NULL,
    name        text        NOT NULL,
    icon        text,
    role_id     uuid,
    enabled     boolean     NOT NULL DEFAULT true,
    required    boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    list_id     uuid,
    -- app_stage for the stage property of a list.
    alias       text,
    PRIMARY KEY (team_id, object_type, id),
    FOREIGN KEY (team_id, list_id) REFERENCES list,
    UNIQUE NULLS NOT DISTINCT (team_id, object_type, list_id, slug)
);

-- Options of custom select properties, and those that a team added to native ones (so no foreign key).
CREATE TABLE property_option (
    team_id      bigint  NOT NULL REFERENCES team,
    object_type  text    NOT NULL,
    property_id  uuid    NOT NULL,
    id           uuid    NOT NULL,
    slug         text    NOT NULL,
    value        text    NOT NULL,
    color_scheme text,
    description  text,
    icon         text,
    option_group text,
    sort_index   integer,
    -- An archived option keeps its place in the records that have it, and is given to no other.
    enabled      boolean NOT NULL DEFAULT true,
    PRIMARY KEY (team_id, object_type, property_id, id),
    UNIQUE (team_id, object_type, property_id, slug)
);

CREATE TABLE record (
    team_id     bigint      NOT NULL,
    object_type text        NOT NULL,
    -- Time-ordered (UUIDv7), so that a bulk load appends to the index.
    id          uuid        NOT NULL,
    version     bigint      NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    -- Which import made the record, and from which of its rows.
    import_id   uuid,
    import_row  integer,
    properties  jsonb       NOT NULL,
    PRIMARY KEY (team_id, object_type, id)
);
-- Deleted records are asked for alone, and are few among many: an index of their own leads to them. Writes to records that
-- are not deleted never touch it.
CREATE INDEX record_deleted ON record (team_id, object_type, id) WHERE deleted_at IS NOT NULL;

-- Which properties have their values in record_key: those that were ever used as a key.
CREATE TABLE key_property (
    team_id     bigint  NOT NULL REFERENCES team,
    object_type text    NOT NULL,
    -- Under which records store the values: a slug, or a list's id and a slug.
    key         text    NOT NULL,
    -- Whether an upsert, find-or-create or an import went by it, and not a filter alone.
    tells_apart boolean NOT NULL DEFAULT false,
    PRIMARY KEY (team_id, object_type, key)
);

-- Where records are found by a property's value. The hash covers type, slug and the normalised value, so eight bytes
-- serve any property and the index grows by rows, not by the length of what is in them. Whoever reads compares the
-- real values: a hash only narrows. With the record's id in the primary key, the records of one key are read in order, a
-- page at a time, from the index alone.
CREATE TABLE record_key (
    team_id     bigint NOT NULL,
    key_hash    bigint NOT NULL,
    record_id   uuid   NOT NULL,
    PRIMARY KEY (team_id, key_hash, record_id)
);

-- Who may do what with a record, as it was last put (contract, section 12). prismd keeps it and gives it back.
CREATE TABLE record_grant (
    team_id     bigint      NOT NULL REFERENCES team,
    object_type text        NOT NULL,
    record_id   uuid        NOT NULL,
    grants      json        NOT NULL,
    PRIMARY KEY (team_id, object_type, record_id)
);

CREATE TABLE view (
    team_id     bigint      NOT NULL REFERENCES team,
    id          uuid        NOT NULL,
    object_type text        NOT NULL,
    list_id     uuid,
    -- What clients wrote, as they wrote it: name, view_type, select, filter, sort and the rest.
    definition  json        NOT NULL,
    -- The records that come first, in order.
    pinned      uuid[]      NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    -- What the names in the definition mean, by id. A view that has none gets them before any name can come to mean
    -- something else: with the first change of a property or option.
    names       json,
    PRIMARY KEY (team_id, id),
    FOREIGN KEY (team_id, list_id) REFERENCES list
);
CREATE INDEX view_listing ON view (team_id, object_type, id);
CREATE INDEX view_without_names ON view (team_id, id) WHERE names IS NULL;
-- Views are listed by the list that they belong to, or as those of none: PostgreSQL does not know that what is null stands
-- in the order of what comes after it.
CREATE INDEX view_of_list ON view (team_id, object_type, list_id, id) WHERE list_id IS NOT NULL;
CREATE INDEX view_of_none ON view (team_id, object_type, id) WHERE list_id IS NULL;

CREATE TABLE import_job (
    team_id          bigint      NOT NULL REFERENCES team,
    id               uuid        NOT NULL,
    object_type      text        NOT NULL,
    -- Answered within the request: never listed, never found by id.
    synchronous      boolean     NOT NULL,
    state            text        NOT NULL CHECK (state IN ('queued', 'running', 'complete', 'failed', 'cancelled')),
    options          jsonb       NOT NULL,
    total            integer     NOT NULL,
    chunks           integer     NOT NULL,
    -- The next chunk to do. It moves in the transaction that writes the chunk's records, and only from the value that
    -- the worker found: so a chunk is done once, whoever tries.
    cursor           integer     NOT NULL DEFAULT 0,
    created          integer     NOT NULL DEFAULT 0,
    existing         integer     NOT NULL DEFAULT 0,
    updated          integer     NOT NULL DEFAULT 0,
    failed           integer     NOT NULL DEFAULT 0,
    error_code       text,
    error_message    text,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    attempts         integer     NOT NULL DEFAULT 0,
    parent_job_id    uuid,
    -- How often the chunk at the cursor was lost with its worker or its connection.
    crashes          integer     NOT NULL DEFAULT 0,
    -- How many contacts its rows made by naming addresses that nobody had.
    contacts_created integer     NOT NULL DEFAULT 0,
    -- The request that made it, by whose id the log lines and traces of its chunks are found.
    request_id       uuid,
    -- Who started it, for the entry of its end in the audit.
    key_id           uuid,
    PRIMARY KEY (team_id, id),
    -- A job is complete only if its outcomes add up.
    CHECK (created + existing + failed <= total AND updated <= existing),
    CHECK (state <> 'complete' OR (created + existing + failed = total AND cursor = chunks))
);
CREATE INDEX import_job_active ON import_job (team_id, state) WHERE state IN ('queued', 'running');
-- By all teams, for figures; written so that no statement of one team goes by it instead of by its own index.
CREATE INDEX import_job_expiry ON import_job ((expires_at AT TIME ZONE 'UTC'));
CREATE INDEX import_job_purge ON import_job (team_id, expires_at);
-- Imports answered at once are never listed, and there can be many of them for each that is.
CREATE INDEX import_job_listing ON import_job (team_id, id) WHERE NOT synchronous;

CREATE SEQUENCE import_turn;

-- Which jobs want a turn: an entry for each that has not ended. It says whose turn it is and nothing else: whether a chunk
-- is done stands with the job. Apart from the data of teams, so that it can stay on one node where those are distributed,
-- and so that the update of a job at each chunk touches no index. No foreign keys, as they could not cross nodes.
CREATE TABLE import_queue (
    team_id    bigint      NOT NULL,
    job_id     uuid        NOT NULL,
    -- Whether the job is running, and not queued: of each team only so many are.
    running    boolean     NOT NULL DEFAULT false,
    -- A job goes to the end with every turn that it gets, so jobs take turns.
    turn       bigint      NOT NULL DEFAULT nextval('import_turn'),
    -- After a failure, when to try again. A new job waits for no clock: those of two machines may differ.
    not_before timestamptz NOT NULL DEFAULT '-infinity',
    -- When the job was made, and when it was made or last got a turn.
    created_at timestamptz NOT NULL,
    moved_at   timestamptz NOT NULL,
    PRIMARY KEY (team_id, job_id)
);
CREATE INDEX import_queue_turn ON import_queue (turn);
CREATE INDEX import_queue_running ON import_queue (team_id) WHERE running;

-- The rows as they were sent, a JSON array per chunk. EXTERNAL: read once, so compressing them would cost more.
CREATE TABLE import_chunk (
    team_id   bigint  NOT NULL,
    job_id    uuid    NOT NULL,
    number    integer NOT NULL,
    first_row integer NOT NULL,
    row_count integer NOT NULL,
    rows      bytea   NOT NULL,
    -- For a retry, where each row stood in the import that it comes from; else empty.
    origins   integer[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (team_id, job_id, number),
    FOREIGN KEY (team_id, job_id) REFERENCES import_job ON DELETE CASCADE
);
ALTER TABLE import_chunk ALTER COLUMN rows SET STORAGE EXTERNAL;

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

-- The verdicts of a chunk, as the JSON that clients receive, so that results are streamed and never rebuilt.
CREATE TABLE import_result (
    team_id   bigint  NOT NULL,
    job_id    uuid    NOT NULL,
    number    integer NOT NULL,
    first_row integer NOT NULL,
    row_count integer NOT NULL,
    created   integer NOT NULL,
    existing  integer NOT NULL,
    updated   integer NOT NULL,
    failed    integer NOT NULL,
    verdicts  bytea   NOT NULL,
    PRIMARY KEY (team_id, job_id, number),
    FOREIGN KEY (team_id, job_id) REFERENCES import_job ON DELETE CASCADE
);
ALTER TABLE import_result ALTER COLUMN verdicts SET STORAGE EXTERNAL;

-- What is written by the row of an import has no foreign key, which would cost a look-up for each; whoever purges a job
-- takes these away first.

-- The records that stood before an import and that one of its rows matched: by which row first, and, where the import
-- changed the record, what it was before and what the import made of it.
CREATE TABLE import_touch (
    team_id        bigint  NOT NULL,
    job_id         uuid    NOT NULL,
    record_id      uuid    NOT NULL,
    first_row      integer NOT NULL,
    version_before bigint,
    version_after  bigint,
    -- The values that the import changed, as they were; null where there was none.
    before         jsonb,
    -- The same values as the import left them; null where there is none any more.
    after          jsonb,
    PRIMARY KEY (team_id, job_id, record_id)
);

-- What a dry run would have made and changed so far, by the hashes of its key, so that its later chunks judge as the
-- real run would.
CREATE TABLE import_draft (
    team_id        bigint  NOT NULL,
    job_id         uuid    NOT NULL,
    record_id      uuid    NOT NULL,
    key_hash       bigint  NOT NULL,
    version        bigint  NOT NULL,
    first_row      integer,
    made_by_import boolean NOT NULL,
    properties     jsonb   NOT NULL,
    PRIMARY KEY (team_id, job_id, record_id, key_hash)
);
CREATE INDEX import_draft_lookup ON import_draft (team_id, job_id, key_hash);

CREATE TABLE idempotency_claim (
    team_id     bigint      NOT NULL REFERENCES team,
    key         text        NOT NULL,
    -- SHA-256 of method, path with query, and body.
    fingerprint bytea       NOT NULL,
    status      smallint    NOT NULL,
    headers     jsonb       NOT NULL,
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (team_id, key)
);
-- By all teams, for figures; written so that no statement of one team goes by it instead of by its own index.
CREATE INDEX idempotency_claim_expiry ON idempotency_claim ((created_at AT TIME ZONE 'UTC'));
CREATE INDEX idempotency_claim_purge ON idempotency_claim (team_id, created_at);

-- What was answered to writes that have no idempotency key and come from a client that repeats them by itself, kept for
-- minutes: the answer may have been lost, and the repeat must not do the work again.
CREATE TABLE attempt_answer (
    team_id     bigint      NOT NULL REFERENCES team,
    -- SHA-256 of API key, method, path with query, and body.
    digest      bytea       NOT NULL,
    status      smallint    NOT NULL,
    headers     jsonb       NOT NULL,
    body        bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (team_id, digest)
);
-- By all teams, for figures; written so that no statement of one team goes by it instead of by its own index.
CREATE INDEX attempt_answer_expiry ON attempt_answer ((created_at AT TIME ZONE 'UTC'));
CREATE INDEX attempt_answer_purge ON attempt_answer (team_id, created_at);

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
-- By all teams, for figures; written so that no statement of one team goes by it instead of by its own index.
CREATE INDEX audit_entry_expiry ON audit_entry ((at AT TIME ZONE 'UTC'));

-- By what it was done to.
CREATE TABLE audit_object (
    team_id   bigint      NOT NULL,
    object_id uuid        NOT NULL,
    at        timestamptz NOT NULL,
    entry_id  uuid        NOT NULL,
    PRIMARY KEY (team_id, object_id, at, entry_id)
);

-- It may be there: a restored backup drops the tables that it replaces, and no function.
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
