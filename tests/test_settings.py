"""Settings as the environment gives them: read as what they are declared to be, or refused in one line."""

from __future__ import annotations

from dataclasses import fields

import pytest

from prismd.settings import SettingError, Settings

DECLARED = {declared.name: str(declared.type) for declared in fields(Settings)}


def read(name: str, raw: str) -> object:
    return getattr(Settings.from_environment({f"PRISMD_{name.upper()}": raw}), name)


@pytest.mark.parametrize("name", [name for name, kind in DECLARED.items() if kind == "float"])
def test_a_setting_that_is_a_number_takes_a_fraction(name: str) -> None:
    assert read(name, "7.25") == 7.25


@pytest.mark.parametrize("name", [name for name, kind in DECLARED.items() if kind == "int"])
def test_a_setting_that_counts_takes_whole_numbers_alone(name: str) -> None:
    assert read(name, "70000") == 70_000
    with pytest.raises(SettingError, match="must be a whole number"):
        read(name, "7.25")


@pytest.mark.parametrize("raw", ["nan", "inf", "-inf", "1e999", "", "soon"])
def test_a_number_is_finite(raw: str) -> None:
    with pytest.raises(SettingError, match="PRISMD_DATABASE_WAIT_S must be a number"):
        read("database_wait_s", raw)


@pytest.mark.parametrize("name", [name for name, kind in DECLARED.items() if kind == "bool"])
def test_a_switch_is_true_or_false_and_nothing_else(name: str) -> None:
    for raw, expected in {"true": True, "false": False, "True": True, "FALSE": False}.items():
        assert read(name, raw) is expected
    for raw in ("", "1", "0", "no", "off", "falsch"):
        with pytest.raises(SettingError, match=f"PRISMD_{name.upper()} must be true or false, not"):
            read(name, raw)


def test_settings_go_through_an_environment_and_stay_what_they_are() -> None:
    assert Settings.from_environment(Settings(import_pipeline=False).as_environment()) == Settings(
        import_pipeline=False
    )


def test_settings_are_declared_as_something_that_can_be_read() -> None:
    assert set(DECLARED.values()) <= {"bool", "int", "float", "str"}


def test_a_former_name_is_refused_and_not_ignored() -> None:
    with pytest.raises(SettingError, match="PRISMD_UPKEEP_INTERVAL_S is called PRISMD_RETENTION_INTERVAL_S now"):
        Settings.from_environment({"PRISMD_UPKEEP_INTERVAL_S": "5"})
