-- Which of the properties with keys tell records apart: an upsert, find-or-create or an import went by them, and not a filter alone.
-- Of those in use so far nobody knows; each is noted when it is next used so.

ALTER TABLE key_property ADD COLUMN tells_apart boolean NOT NULL DEFAULT false;
