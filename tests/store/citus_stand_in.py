"""What stands in for Citus on plain PostgreSQL: it notes what it is asked for, and refuses what Citus refuses.

The rules are those that Citus checks before it distributes a table, as its source has them: policies without
subqueries, no triggers, the column in every unique key, and references to tables that are on the nodes already. It
distributes nothing, and no statement on a table goes to a node.
"""

from __future__ import annotations

from typing import Final

from psycopg import sql

from prismd.settings import Settings
from prismd.store.connections.postgres import connect

_MAKE: Final = """
CREATE SCHEMA citus_stand_in;
SET search_path = public, citus_stand_in;
CREATE TABLE citus_stand_in.pg_dist_local_group (groupid int);
CREATE TABLE citus_stand_in.pg_dist_node (groupid int);
CREATE TABLE citus_stand_in.pg_dist_partition (logicalrelid regclass, partmethod "char", repmodel "char");
CREATE TABLE citus_stand_in.call (nth bigint GENERATED ALWAYS AS IDENTITY, said text);
INSERT INTO citus_stand_in.pg_dist_local_group VALUES (0);
INSERT INTO citus_stand_in.pg_dist_node VALUES (0), (1), (2);

CREATE FUNCTION citus_stand_in.citus_is_coordinator() RETURNS bool LANGUAGE sql AS $$
SELECT groupid = 0 AND EXISTS (SELECT FROM pg_dist_node) FROM pg_dist_local_group $$;

CREATE FUNCTION citus_stand_in.check_table(made regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = made) THEN
        RAISE 'table % is already distributed', made;
    ELSIF EXISTS (SELECT FROM pg_policy WHERE polrelid = made AND pg_get_expr(polqual, made) ~ 'SELECT') THEN
        RAISE 'cannot create policy: subqueries are not supported in policies on distributed tables';
    ELSIF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = made AND NOT tgisinternal) THEN
        RAISE 'cannot distribute relation % because it has triggers', made;
    ELSIF EXISTS (SELECT FROM pg_constraint WHERE conrelid = made AND contype = 'f' AND confrelid <> made
                  AND confrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)) THEN
        RAISE 'referenced table must be a distributed table or a reference table';
    END IF;
END $$;

CREATE FUNCTION citus_stand_in.create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_table(table_name);
    INSERT INTO pg_dist_partition VALUES (table_name, 'n', 't');
    INSERT INTO call (said) VALUES (format('reference %s', table_name));
END $$;

CREATE FUNCTION citus_stand_in.create_distributed_table(
    table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_table(table_name);
    IF EXISTS (
        SELECT FROM pg_index WHERE indrelid = table_name AND indisunique AND NOT (
            SELECT attnum FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column
        ) = ANY (indkey)
    ) THEN
        RAISE 'cannot create constraint on %: unique keys must include the distribution column', table_name;
    ELSIF colocate_with <> 'none' AND colocate_with::regclass NOT IN (
        SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'h'
    ) THEN
        RAISE 'relation % is not distributed', colocate_with;
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, 'h', 's');
    INSERT INTO call (said) VALUES (format('distribute %s by %s with %s', table_name, distribution_column,
                                           colocate_with));
END $$;
"""


def stand_in(url: str) -> None:
    """Have an empty database say that it is the coordinator of a cluster of two further nodes.

    Args:
        url: Of the database.
    """
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute(_MAKE.encode())
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = public, citus_stand_in").format(name))
