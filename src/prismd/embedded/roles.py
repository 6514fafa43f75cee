"""The roles of the embedded PostgreSQL: prismd's login is not a superuser, and nobody can log in as the superuser."""

from __future__ import annotations

from typing import Final

#: prismd's login, and the database that belongs to it.
LOGIN: Final = "prismd"
DATABASE: Final = "postgres"
#: PostgreSQL requires a superuser.
SUPERUSER: Final = "postgres"
#: The oid of the superuser that initdb makes.
_FIRST_ROLE: Final = 10

# Up to schema 0012 prismd logged in as the superuser of initdb, whose rights cannot be reduced. So this statement
# renames that role, as another superuser because no role can rename itself, and gives its tables to a new login with
# the old name.
_DIVIDE: Final = """
DO $$
DECLARE
    owned record;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE oid = {first} AND rolname = '{login}') THEN
        CREATE ROLE {login}_renames SUPERUSER;
        SET SESSION AUTHORIZATION {login}_renames;
        ALTER ROLE {login} RENAME TO {superuser};
        SET SESSION AUTHORIZATION {superuser};
        DROP ROLE {login}_renames;
    END IF;
    IF to_regrole('{login}') IS NULL THEN
        CREATE ROLE {login} LOGIN {options};
    END IF;
    IF to_regrole('{login}_team') IS NULL THEN
        CREATE ROLE {login}_team NOLOGIN;
    END IF;
    GRANT {login}_team TO {login};
    ALTER DATABASE {database} OWNER TO {login};
    FOR owned IN
        SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relowner = {first} AND relkind IN ('r', 'p', 'v', 'm')
        UNION ALL
        SELECT oid::regclass FROM pg_class AS sequence
        WHERE relnamespace = 'public'::regnamespace AND relowner = {first} AND relkind = 'S'
          AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = sequence.oid
                                                  AND deptype IN ('a', 'i'))
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO {login}', owned.name);
    END LOOP;
    FOR owned IN
        SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner = {first}
    LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO {login}', owned.name);
    END LOOP;
    ALTER ROLE {superuser} NOLOGIN;
END $$
"""


def division(options: str = "") -> str:
    """Return the statement that gives prismd its own login, on one line; the superuser runs it.

    A second run changes nothing.

    Args:
        options: Further options of ``CREATE ROLE`` for the login.
    """
    names = {"login": LOGIN, "database": DATABASE, "superuser": SUPERUSER, "first": _FIRST_ROLE, "options": options}
    return " ".join(_DIVIDE.format(**names).split())
