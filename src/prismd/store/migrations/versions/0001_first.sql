-- The first schema: teams and keys, properties, records and their keys, import jobs, idempotency claims.
--
-- All data of a team has team_id first in its key. Where a table is only ever read with its parent, the parent's key
-- comes next, so that one index serves both the row and the listing.

CREATE TABLE team (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What clients write in paths: a UUID as a rule, any text where MICRO_TEAM_ID says so.
    public_id   text        NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL
);

CREATE TABLE api_key (
    id          uuid        PRIMARY KEY,
    team_id     bigint      NOT NULL REFERENCES team,
    name        text        NOT NULL,
    -- SHA-256 of the key; the key itself is shown once and kept nowhere.
    digest      bytea       NOT NULL UNIQUE,
    -- The last characters, by which people tell keys apart.
    hint        text        NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX api_key_of_team ON api_key (team_id);

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
    PRIMARY KEY (team_id, object_type, id),
    UNIQUE (team_id, object_type, slug)
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

-- Which properties have their values in record_key: those that were ever used as a key.
CREATE TABLE key_property (
    team_id     bigint NOT NULL REFERENCES team,
    object_type text   NOT NULL,
    slug        text   NOT NULL,
    PRIMARY KEY (team_id, object_type, slug)
);

-- Where records are found by a property's value. The hash covers type, slug and the normalised value, so eight bytes
-- serve any property and the index grows by rows, not by the length of what is in them. Whoever reads compares the
-- real values: a hash only narrows.
CREATE TABLE record_key (
    team_id     bigint NOT NULL,
    key_hash    bigint NOT NULL,
    record_id   uuid   NOT NULL
);
CREATE INDEX record_key_lookup ON record_key (team_id, key_hash);

CREATE SEQUENCE import_turn;

CREATE TABLE import_job (
    team_id       bigint      NOT NULL REFERENCES team,
    id            uuid        NOT NULL,
    object_type   text        NOT NULL,
    -- Answered within the request: never listed, never found by id.
    synchronous   boolean     NOT NULL,
    state         text        NOT NULL CHECK (state IN ('queued', 'running', 'complete', 'failed', 'cancelled')),
    options       jsonb       NOT NULL,
    total         integer     NOT NULL,
    chunks        integer     NOT NULL,
    -- The next chunk to do. It moves in the transaction that writes the chunk's records, and only from the value that
    -- the worker found: so a chunk is done once, whoever tries.
    cursor        integer     NOT NULL DEFAULT 0,
    created       integer     NOT NULL DEFAULT 0,
    existing      integer     NOT NULL DEFAULT 0,
    updated       integer     NOT NULL DEFAULT 0,
    failed        integer     NOT NULL DEFAULT 0,
    error_code    text,
    error_message text,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    -- The place in the queue; a job goes to its end after every chunk, so jobs take turns.
    turn          bigint      NOT NULL DEFAULT nextval('import_turn'),
    attempts      integer     NOT NULL DEFAULT 0,
    -- After a failure, when to try again. A new job waits for no clock: those of two machines may differ.
    not_before    timestamptz NOT NULL DEFAULT '-infinity',
    parent_job_id uuid,
    PRIMARY KEY (team_id, id),
    -- A job is complete only if its outcomes add up.
    CHECK (created + existing + failed <= total AND updated <= existing),
    CHECK (state <> 'complete' OR (created + existing + failed = total AND cursor = chunks))
);
CREATE INDEX import_job_queue ON import_job (turn) WHERE state IN ('queued', 'running');
CREATE INDEX import_job_active ON import_job (team_id, state) WHERE state IN ('queued', 'running');
CREATE INDEX import_job_expiry ON import_job (expires_at);
-- Imports answered at once are never listed, and there can be many of them for each that is.
CREATE INDEX import_job_listing ON import_job (team_id, id) WHERE NOT synchronous;

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

-- The records that stood before an import and that one of its rows matched: by which row first, and, where the import
-- changed the record, what it was before and what the import made of it.
CREATE TABLE import_touch (
    team_id        bigint  NOT NULL,
    job_id         uuid    NOT NULL,
    record_id      uuid    NOT NULL,
    first_row      integer NOT NULL,
    version_before bigint,
    version_after  bigint,
    before         jsonb,
    after          jsonb,
    PRIMARY KEY (team_id, job_id, record_id),
    FOREIGN KEY (team_id, job_id) REFERENCES import_job ON DELETE CASCADE
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
    PRIMARY KEY (team_id, job_id, record_id, key_hash),
    FOREIGN KEY (team_id, job_id) REFERENCES import_job ON DELETE CASCADE
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
CREATE INDEX idempotency_claim_expiry ON idempotency_claim (created_at);
