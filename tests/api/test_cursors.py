"""Cursors that somebody made up: refused, as they can say what the listing never says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from prismd.api.queries.cursors import Cursor, Listing, write_cursor
from tests.api.test_imports import start_job

if TYPE_CHECKING:
    from tests.api.conftest import Api

ANY = re.compile("")
ZERO = "00000000-0000-0000-0000-000000000000"
STATED = ("complete", None)


@pytest.mark.parametrize(
    "made_up",
    [
        Cursor("5", 1, STATED),
        Cursor("x\0", 1, STATED),
        Cursor(ZERO, 0, STATED),
        Cursor(ZERO, -1, STATED),
        Cursor(ZERO, 10**12, STATED),
        Cursor(ZERO, 1, ()),
        Cursor(ZERO, 1, ("complete", "\0")),
    ],
    ids=repr,
)
def test_a_cursor_of_imports_that_is_made_up_is_refused(api: Api, made_up: Cursor) -> None:
    listing = Listing(f"imports {api.team_id()}", ANY, 0, 0)
    assert api.send("GET", f"/imports?cursor={write_cursor(Cursor(ZERO, 1, STATED), listing)}").status_code == 200
    assert api.send("GET", f"/imports?cursor={write_cursor(made_up, listing)}").status_code == 400


@pytest.mark.parametrize(
    "made_up",
    [Cursor("x", 1, (None,)), Cursor(ZERO, 1, (None,)), Cursor("9" * 30, 1, (None,)), Cursor("0", 10**12, (None,))],
    ids=repr,
)
def test_a_cursor_of_results_that_is_made_up_is_refused(api: Api, made_up: Cursor) -> None:
    job_id = start_job(api)
    listing = Listing(f"results {api.team_id()} {job_id}", ANY, 0, 0)
    path = f"/imports/{job_id}/results?cursor="
    assert api.send("GET", path + write_cursor(Cursor("0", 1, (None,)), listing)).status_code == 200
    assert api.send("GET", path + write_cursor(made_up, listing)).status_code == 400
