-- Deleted records are asked for alone, and are few among many: an index of their own leads to them. Writes to records that
-- are not deleted never touch it.

CREATE INDEX record_deleted ON record (team_id, object_type, id) WHERE deleted_at IS NOT NULL;
