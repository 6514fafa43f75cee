"""Rows that give the ids of their records: matched whatever their keys, in order, wherever rows are cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.services.importing import Importer, told
from tests.services.test_import_costs import counted

NOBODY: Final = "01920000-0000-7000-8000-000000000000"
#: What rows give instead of ids until the records are there.
NAMES: Final = ["first", "second", "deleted", "nobody"]

Row = dict[str, Any]


@dataclass
class Model:
    """What an import does with rows that give names of records, or values of a key: plain and slow."""

    by: str | None
    on_match: str
    require_key: bool
    records: dict[str, dict[str, str]]
    rows_of: dict[str, int] = field(default_factory=dict)

    def one(self, index: int, row: Row) -> tuple[str, int | None]:
        name, values = row.get("id"), row["default"]
        if name is None:
            found = [one for one, has in self.records.items() if self.by == "email" and self.same(has, values)]
            if len(found) > 1:
                return "multiple_matches", None
            if not found and (self.by == "id" or "email" not in values) and self.require_key:
                return "missing_key", None
            if not found:
                self.records[f"row {index}"] = dict(values)
                self.rows_of[f"row {index}"] = index
                return "created", None
            [name] = found
        if name not in self.records:
            return "not_found", None
        earlier = self.rows_of.get(name)
        self.rows_of.setdefault(name, index)
        record, before = self.records[name], dict(self.records[name])
        if self.on_match == "update":
            record |= values
        elif self.on_match == "fill":
            self.records[name] = record = {**values, **record}
        return "existing" if record == before else "updated", earlier

    @staticmethod
    def same(one: dict[str, str], other: dict[str, str]) -> bool:
        return "email" in one and "email" in other and one["email"].lower() == other["email"].lower()


def said(result: dict[str, Any]) -> tuple[str, int | None]:
    outcome = "created" if result["created"] else "updated" if result["updated"] else "existing"
    return result["error"]["code"] if "error" in result else outcome, result.get("duplicate_of")


@pytest.fixture
def imported(importer: Importer, make_team: Callable[[], int]) -> Callable[..., tuple[Importer, dict[str, str]]]:
    """Return a team with records, and the ids of the names."""

    def new() -> tuple[Importer, dict[str, str]]:
        fresh = Importer(importer.connection, importer.runtime, make_team())
        rows = [{"default": {"email": f"{name}@x.org"}} for name in NAMES[:3]]
        ids = [one["id"] for one in fresh.at_once(rows)]
        fresh.connection.execute("UPDATE record SET deleted_at = now() WHERE id = %s", (ids[2],))
        return fresh, dict(zip(NAMES, [*ids, NOBODY], strict=True))

    return new


EMAILS: Final = st.sampled_from(["first@x.org", "SECOND@x.org", "new@x.org"])
VALUES: Final = st.fixed_dictionaries({}, optional={"email": EMAILS, "city": st.sampled_from(["Rome", "Oslo"])})
ROWS: Final = st.lists(
    st.fixed_dictionaries({"default": VALUES}, optional={"id": st.sampled_from(NAMES)}), min_size=1, max_size=8
)
# A record gets another key by its id, and is then found by that, and no longer by the one before.
RENAMED: Final = [
    {"id": "first", "default": {"email": "new@x.org"}},
    {"default": {"email": "NEW@x.org", "city": "Rome"}},
    {"default": {"email": "first@x.org"}},
    {"id": "first", "default": {"city": "Oslo"}},
]


@example(RENAMED, 9, "email", ("update", False))
@example(RENAMED, 1, "id", ("update", True))
@given(
    ROWS,
    st.integers(1, 4),
    st.sampled_from([None, "id", "email"]),
    st.tuples(st.sampled_from(["skip", "update", "fill"]), st.booleans()),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_rows_do_what_the_model_does_wherever_they_are_cut(
    imported: Callable[..., tuple[Importer, dict[str, str]]],
    rows: list[Row],
    chunk: int,
    by: str | None,
    how: tuple[str, bool],
) -> None:
    importer, ids = imported()
    on_match, require_key = how[0], how[1] and by is not None
    model = Model(by, on_match, require_key, {name: {"email": f"{name}@x.org"} for name in NAMES[:2]})
    expected = [model.one(index, row) for index, row in enumerate(rows)]
    sent = [{**row, "id": ids[row["id"]].upper()} if "id" in row else row for row in rows]
    options: Row = {"dedupe_by": by, "on_match": on_match, "require_key": require_key}
    foreseen = importer.as_job(sent, chunk=chunk, dry_run=True, **options)[1]
    results = importer.as_job(sent, chunk=chunk, **options)[1]
    assert [said(one) for one in results] == expected
    assert [said(one) for one in foreseen] == expected
    stored = importer.connection.execute(
        "SELECT id::text, properties FROM record WHERE team_id = %s AND deleted_at IS NULL", (importer.team_id,)
    ).fetchall()
    names = {record_id: name for name, record_id in ids.items()}
    made = {one["id"]: f"row {one['input_index']}" for one in results if one["created"]}
    assert {{**names, **made}[record_id]: values for record_id, values in stored} == model.records


def test_rows_with_ids_take_a_statement_more_however_many_they_are(
    imported: Callable[..., tuple[Importer, dict[str, str]]],
) -> None:
    importer, _ = imported()
    ids = [one["id"] for one in importer.at_once([{"default": {"city": str(number)}} for number in range(300)])]
    costs = []
    for some in (ids[:3], ids):
        with counted(importer.connection) as cost:
            importer.at_once([{"id": one, "default": {"city": "Rome"}} for one in some], on_match="update")
        costs.append(len(cost.statements))
    assert costs[0] == costs[1]


def test_an_id_of_another_type_or_team_is_nobody_s(
    imported: Callable[..., tuple[Importer, dict[str, str]]],
) -> None:
    importer, ids = imported()
    other, _ = imported()
    row = {"id": ids["first"], "default": {}}
    assert told(other.at_once([row])) == [(False, False, False, None, "not_found")]
    assert told(importer.at_once([row], "identity")) == [(False, False, False, None, "not_found")]
    assert told(importer.at_once([row])) == [(False, True, False, None, None)]
