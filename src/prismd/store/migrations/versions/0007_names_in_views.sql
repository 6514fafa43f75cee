-- What the names in a view mean is kept with it, by id. Views of before get it before any name can come to mean
-- something else: with the first change of a property or option.
ALTER TABLE view ADD COLUMN names json;
CREATE INDEX view_without_names ON view (team_id, id) WHERE names IS NULL;
