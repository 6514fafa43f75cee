-- The whole record API: lists and what belongs to them, views, grants, tickets of the realtime stream, and keys in the
-- order of their records.

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

ALTER TABLE property
    ADD COLUMN list_id uuid,
    -- app_stage for the stage property of a list.
    ADD COLUMN alias text,
    ADD FOREIGN KEY (team_id, list_id) REFERENCES list,
    DROP CONSTRAINT property_team_id_object_type_slug_key,
    ADD UNIQUE NULLS NOT DISTINCT (team_id, object_type, list_id, slug);

-- Under which records store the values: a slug, or a list's id and a slug.
ALTER TABLE key_property RENAME COLUMN slug TO key;

-- With the record's id in the index, the records of one key are read in order, a page at a time, from the index alone.
CREATE INDEX record_key_in_order ON record_key (team_id, key_hash, record_id);
DROP INDEX record_key_lookup;

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
    PRIMARY KEY (team_id, id),
    FOREIGN KEY (team_id, list_id) REFERENCES list
);
CREATE INDEX view_listing ON view (team_id, object_type, id);

-- Who may do what with a record, as it was last put (contract, section 12). prismd keeps it and gives it back.
CREATE TABLE record_grant (
    team_id     bigint      NOT NULL REFERENCES team,
    object_type text        NOT NULL,
    record_id   uuid        NOT NULL,
    grants      json        NOT NULL,
    PRIMARY KEY (team_id, object_type, record_id)
);

CREATE TABLE realtime_ticket (
    -- SHA-256 of the ticket; the ticket itself is shown once and kept nowhere.
    digest      bytea       PRIMARY KEY,
    team_id     bigint      NOT NULL REFERENCES team,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX realtime_ticket_expiry ON realtime_ticket (expires_at);
