-- What an API key may do, until when, and when it was last used. Keys of before may do everything, as they could.

ALTER TABLE api_key
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,write,import,admin}' CHECK (cardinality(scopes) > 0),
    ADD COLUMN expires_at timestamptz,
    -- Written at most once a minute.
    ADD COLUMN last_used_at timestamptz,
    -- The key in whose place this one was made; each key is replaced once.
    ADD COLUMN replaces uuid UNIQUE REFERENCES api_key;
