"""Where the notes of a running import lie."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from prismd.importer.calls import ClientError
from prismd.importer.journal import journal_directory


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"XDG_STATE_HOME": "/state", "HOME": "/h/ada"}, "/state/prismd/imports"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h/ada"}, "/h/ada/.local/state/prismd/imports"),
        ({"HOME": "/h/ada"}, "/h/ada/.local/state/prismd/imports"),
    ],
)
def test_notes_lie_in_the_state_of_the_user(environment: dict[str, str], where: str) -> None:
    assert journal_directory(environment) == Path(where)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(ClientError, match=r"no home directory .* set XDG_STATE_HOME"):
        journal_directory({})
