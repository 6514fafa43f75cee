"""Row-level security of all tables of team data: setting it up, and checking that it holds.

Sessions of requests take a role that owns nothing. The role finds and writes only rows of the team that the transaction
names, and none if it names no team. The login itself owns the tables, so row-level security does not bind it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import psycopg

from prismd.database_errors import DatabaseUnusableError
from prismd.store.connections.postgres import ROLE, Connection

#: The transaction's setting that names its team.
SETTING: Final = "prismd.team"

_POLICY: Final = "of_team"

_TABLES: Final = """
SELECT c.oid, c.relname::text AS name, c.relowner, c.relrowsecurity,
       CASE c.relname WHEN 'team' THEN 'id' ELSE 'team_id' END AS column_name,
       CASE c.relname WHEN 'team' THEN 'SELECT' ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS privileges
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  AND (c.relname = 'team' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'team_id' AND NOT a.attisdropped))
"""

# A login that made a role may grant it to others and so counts as a member, but it may not yet take the role itself.
_HAS_ROLE: Final = f"""
SELECT session_user::text, {ROLE}, EXISTS (
    SELECT FROM pg_roles WHERE rolname = {ROLE} AND pg_has_role(session_user, oid,
        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))
"""

#: Tables that hide rows from the login, and tables that show the role more than its team's rows.
_BINDS: Final = f"""
SELECT array_remove(array_agg(CASE WHEN row_security_active(t.oid) THEN t.name END), NULL),
       array_remove(array_agg(CASE WHEN r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, t.relowner, 'USAGE')
                                   THEN t.name END), NULL)
FROM ({_TABLES}) AS t CROSS JOIN pg_roles AS r WHERE r.rolname = {ROLE}
"""

_IS_SECURED: Final = f"""
SELECT has_schema_privilege(r.oid, current_schema(), 'USAGE')
   AND NOT EXISTS (SELECT FROM ({_TABLES}) AS t WHERE NOT (
        t.relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polname = '{_POLICY}')
        AND (SELECT bool_and(has_table_privilege(r.oid, t.oid, privilege))
             FROM string_to_table(t.privileges, ', ') AS privilege)))
   AND NOT EXISTS (SELECT FROM pg_sequence AS s JOIN pg_class AS c ON c.oid = s.seqrelid
        WHERE c.relnamespace = current_schema()::regnamespace
          AND NOT has_sequence_privilege(r.oid, s.seqrelid, 'USAGE'))
FROM pg_roles AS r WHERE r.rolname = {ROLE}
"""

_IS_SUPERUSER: Final = "SELECT rolsuper FROM pg_roles WHERE rolname = session_user"

# Another server can make the same role at the same time, for another database of the same login.
_MAKE_ROLE: Final = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {ROLE}) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', {ROLE});
    END IF;
    EXECUTE format('GRANT %I TO %I', {ROLE}, session_user);
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$
"""

# The policy reads the team in a subquery: PostgreSQL evaluates it once per statement, and indexes see a constant.
_SECURE: Final = f"""
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN {_TABLES} LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', found.name);
        EXECUTE format('DROP POLICY IF EXISTS {_POLICY} ON %I', found.name);
        EXECUTE format(
            'CREATE POLICY {_POLICY} ON %I USING (%I = (SELECT nullif(current_setting(%L, true), %L)::bigint))',
            found.name, found.column_name, '{SETTING}', '');
        EXECUTE format('GRANT %s ON %I TO %I', found.privileges, found.name, {ROLE});
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), {ROLE});
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), {ROLE});
END $$
"""


def is_set_up(connection: Connection) -> bool:
    """Say whether row-level security covers all tables of team data, and the role that it binds exists."""
    return _role(connection)[2] and _is_secured(connection)


def set_up(connection: Connection) -> None:
    """Enable row-level security on all tables of team data, and make the role that it binds.

    Args:
        connection: A connection inside a transaction.

    Raises:
        DatabaseUnusableError: The login has no right to do it; the message says what to run.
    """
    _try_to(connection, _MAKE_ROLE, done=_role(connection)[2])
    login, role, has_role = _role(connection)
    _refuse(None if has_role else _without_role(login, role))
    _try_to(connection, _SECURE, done=_is_secured(connection))


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason why row-level security does not hold.

    Args:
        found: The fault that was found.
        advice: The step that an operator must take.
    """

    found: str
    advice: str


def check(connection: Connection) -> None:
    """Refuse a database unless row-level security is set up, binds requests, and does not bind the login.

    Args:
        connection: Any connection to a database with this version's schema.

    Raises:
        DatabaseUnusableError: Row-level security does not hold; the message says what to do.
    """
    _refuse(fault(connection))


def fault(connection: Connection) -> Fault | None:
    """Return why row-level security does not hold; None if it holds."""
    login, role, has_role = _role(connection)
    if not has_role:
        return _without_role(login, role)
    [(bound, free)] = connection.execute(_BINDS)
    if bound:
        return Fault(
            f'row-level security binds the login "{login}" on the table "{bound[0]}", so imports would find no rows',
            "let the login own all tables of prismd, or be a member of the role that does, without FORCE ROW LEVEL"
            " SECURITY",
        )
    if free:
        return Fault(
            f'row-level security does not bind the role "{role}" on the table "{free[0]}"',
            f'run, as a superuser, ALTER ROLE "{role}" NOSUPERUSER NOBYPASSRLS; and revoke from it the roles that own'
            " tables of prismd",
        )
    if not _is_secured(connection):
        return Fault(
            f'row-level security for the role "{role}" is not set up',
            "run `prismd migrate` with the login that owns the tables of prismd",
        )
    return None


def is_superuser(connection: Connection) -> bool:
    """Say whether the login is a superuser; prismd does not need one."""
    row = connection.execute(_IS_SUPERUSER).fetchone()
    return row == (True,)


def _without_role(login: str, role: str) -> Fault:
    return Fault(
        f'the login "{login}" has no role "{role}", to which row-level security binds requests',
        f'run, as a superuser, CREATE ROLE "{role}" NOLOGIN; GRANT "{role}" TO "{login}";',
    )


def _refuse(found: Fault | None) -> None:
    if found is not None:
        raise DatabaseUnusableError(f"{found.found}: {found.advice}")


def _role(connection: Connection) -> tuple[str, str, bool]:
    [(login, role, has_role)] = connection.execute(_HAS_ROLE)
    return login, role, has_role


def _is_secured(connection: Connection) -> bool:
    return connection.execute(_IS_SECURED).fetchone() == (True,)


def _try_to(connection: Connection, statement: str, *, done: bool) -> None:
    # If the login lacks a right, an operator must do this instead; the next check names what is missing.
    if not done:
        with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
            connection.execute(statement)
