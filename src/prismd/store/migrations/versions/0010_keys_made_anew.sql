-- What makes two values the same key has changed: a day and the moment at which it begins are one, and nobody sees
-- what is left out at the ends of a text. No property but the lists that records are in, whose keys are put back at once,
-- is a key from now on, until it is used as one again.

TRUNCATE record_key;
DELETE FROM key_property WHERE key <> '/lists';

-- An archived option keeps its place in the records that have it, and is given to no other.
ALTER TABLE property_option ADD COLUMN enabled boolean NOT NULL DEFAULT true;
