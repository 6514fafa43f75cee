-- Files that clients upload. A file is there for others only when it is whole; its bytes stand in parts of bounded size,
-- which several files share where a team uploads the same bytes again.

CREATE TABLE file (
    team_id    bigint      NOT NULL REFERENCES team,
    -- Time-ordered (UUIDv7), so that files are listed by it.
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    -- open: its bytes are coming. whole: it can be used. gone: nobody sees it, and its parts are being deleted.
    state      text        NOT NULL CHECK (state IN ('open', 'whole', 'gone')),
    -- Whether the client may go on after a break. Any other upload that breaks is given up.
    resumable  boolean     NOT NULL,
    -- How many bytes it will have, if the client said so, and how many have come.
    length     bigint,
    received   bigint      NOT NULL DEFAULT 0,
    sha256     bytea,
    -- Under which its parts stand: its own id, or that of a file that had the same bytes before.
    content_id uuid        NOT NULL,
    -- The file that had the same bytes, when this one became whole.
    same_as    uuid,
    key_id     uuid,
    created_at timestamptz NOT NULL,
    -- Of an open file: when it is given up, unless more bytes come.
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id),
    CHECK (received <= length),
    CHECK (state <> 'whole' OR (sha256 IS NOT NULL AND received = length))
);
CREATE INDEX file_of_digest ON file (team_id, sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX file_of_content ON file (team_id, content_id);
CREATE INDEX file_purge ON file (team_id, expires_at);

-- EXTERNAL: they are packed already.
CREATE TABLE file_part (
    team_id    bigint  NOT NULL,
    content_id uuid    NOT NULL,
    -- The place of its first byte in the file.
    start      bigint  NOT NULL,
    size       integer NOT NULL,
    data       bytea   NOT NULL,
    PRIMARY KEY (team_id, content_id, start)
);
ALTER TABLE file_part ALTER COLUMN data SET STORAGE EXTERNAL;
