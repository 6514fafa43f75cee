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
CREATE INDEX attempt_answer_expiry ON attempt_answer (created_at);
