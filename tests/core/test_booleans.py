"""Which texts name a boolean, and that no other does."""

from __future__ import annotations

import pytest

from prismd.core.values.booleans import written_boolean


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "tRuE"])
def test_true_is_written_in_any_case(text: str) -> None:
    assert written_boolean(text) is True


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "fAlSe"])
def test_false_is_written_in_any_case(text: str) -> None:
    assert written_boolean(text) is False


@pytest.mark.parametrize(
    "text", ["", "t", "yes", "no", "1", "0", " true", "false ", "truer", "falsely", "wahr", "true" * 9]
)
def test_no_other_text_names_one(text: str) -> None:
    assert written_boolean(text) is None
