-- With a key, what it opened ends. Tickets are good for a minute, so those that are there are not worth keeping.

DELETE FROM realtime_ticket;
ALTER TABLE realtime_ticket ADD COLUMN key_id uuid NOT NULL REFERENCES api_key;
