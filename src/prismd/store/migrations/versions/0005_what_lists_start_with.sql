-- Lists take every type of their templates and start with views; a view is a grid, a list or a kanban board (contract,
-- section 23, facts 110 and 112). What was made before gets what it would start with now.

-- The kinds had been any text. Members keep their order and their digits.
UPDATE view
SET definition = (
    SELECT json_object_agg(
        member.key,
        CASE
            WHEN member.key <> 'view_type' THEN member.value
            WHEN lower(definition ->> 'view_type') IN ('board', 'kanban') THEN '"kanban"'::json
            WHEN lower(definition ->> 'view_type') = 'list' THEN '"list"'::json
            ELSE '"grid"'::json
        END
        ORDER BY member.place
    )
    FROM json_each(definition) WITH ORDINALITY AS member (key, value, place)
)
WHERE definition ->> 'view_type' NOT IN ('grid', 'list', 'kanban');

-- Lists of deals take people and companies too.
INSERT INTO property
    (team_id, object_type, id, slug, type, name, icon, role_id, enabled, required, list_id, alias, created_at)
SELECT stage.team_id, besides.object_type, gen_random_uuid(), stage.slug, stage.type, stage.name, stage.icon,
       stage.role_id, stage.enabled, false, stage.list_id, stage.alias, stage.created_at
FROM property AS stage
CROSS JOIN (VALUES ('identity'), ('organization')) AS besides (object_type)
WHERE stage.object_type = 'deal' AND stage.alias = 'app_stage';

INSERT INTO property_option
    (team_id, object_type, property_id, id, slug, value, color_scheme, description, icon, option_group, sort_index)
SELECT stage.team_id, besides.object_type, besides.id, gen_random_uuid(), option.slug, option.value,
       option.color_scheme, option.description, option.icon, option.option_group, option.sort_index
FROM property AS stage
JOIN property AS besides ON besides.team_id = stage.team_id AND besides.list_id = stage.list_id
    AND besides.object_type IN ('identity', 'organization') AND besides.alias = 'app_stage'
JOIN property_option AS option ON option.team_id = stage.team_id AND option.object_type = stage.object_type
    AND option.property_id = stage.id
WHERE stage.object_type = 'deal' AND stage.alias = 'app_stage';

-- Membership is a key from the first list of a type on.
INSERT INTO key_property (team_id, object_type, key)
SELECT DISTINCT stage.team_id, stage.object_type, '/lists' FROM property AS stage WHERE stage.alias = 'app_stage'
ON CONFLICT DO NOTHING;

INSERT INTO view (team_id, id, object_type, list_id, definition, created_at, updated_at)
SELECT list.team_id, gen_random_uuid(), list.object_type, list.id, first.definition::json, first.made, first.made
FROM list
CROSS JOIN (
    VALUES ('{"name":"Table","view_type":"grid"}', now()),
           ('{"name":"Board","view_type":"kanban","group_by":"app_stage"}', now() + interval '1 microsecond')
) AS first (definition, made)
WHERE NOT EXISTS (
    SELECT FROM view AS other
    WHERE other.team_id = list.team_id AND other.object_type = list.object_type AND other.list_id = list.id
);
