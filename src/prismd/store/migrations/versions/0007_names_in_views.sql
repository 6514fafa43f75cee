-- What the names in a view mean is kept with it, by id. Views of before get it before any name can come to mean
-- something else: with the first change of a property or option.
ALTER TABLE view ADD COLUMN names json;
CREATE INDEX view_without_names ON view (team_id, id) WHERE names IS NULL;
-- Views are listed by the list that they belong to, or as those of none: PostgreSQL does not know that what is null stands
-- in the order of what comes after it.
CREATE INDEX view_of_list ON view (team_id, object_type, list_id, id) WHERE list_id IS NOT NULL;
CREATE INDEX view_of_none ON view (team_id, object_type, id) WHERE list_id IS NULL;
