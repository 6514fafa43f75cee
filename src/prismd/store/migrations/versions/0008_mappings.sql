-- Mappings of tables, saved under a name: the newest version of each, and the document of every version that is kept.

CREATE TABLE mapping (
    team_id     bigint      NOT NULL REFERENCES team,
    name        text        NOT NULL,
    version     integer     NOT NULL,
    -- The type that the document is for; null for any.
    object_type text,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (team_id, name)
);

CREATE TABLE mapping_version (
    team_id     bigint      NOT NULL,
    name        text        NOT NULL,
    version     integer     NOT NULL,
    document    json        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (team_id, name, version),
    FOREIGN KEY (team_id, name) REFERENCES mapping ON DELETE CASCADE
);
