"""Regular expressions that grow beyond measure when their repeats are written out are refused."""

from __future__ import annotations

import pytest

from prismd.core.queries.patterns import PARTS_MAX, parts_of


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("", 0),
        ("abc", 3),
        (r"^\d{4}-\d{2}$", 1 + 4 + 1 + 2 + 1),
        ("(ab){3}", 6),
        ("(a{2}b){3,5}", 15),
        ("[a{9}]{2}", 2),
        ("[]a{9}]{2}", 2),
        ("[[:alpha:]{]{3}", 3),
        (r"\({3}", 3),
        (r"\\{3}", 3),
        ("((a{100}){100}){100}", 10**6),
        ("(a{1,200}){1,200}", 40_000),
        (")){2}", 3),
        ("((((", 0),
    ],
)
def test_repeats_are_counted_as_they_are_written_out(pattern: str, parts: int) -> None:
    assert parts_of(pattern) == parts


@pytest.mark.parametrize("pattern", [r"\d{1,3}(\.\d{1,3}){3}", "[A-Z]{2}[0-9]{2}([A-Z0-9]{4} ?){1,7}", "a{255}b{255}"])
def test_what_people_write_is_far_from_the_limit(pattern: str) -> None:
    assert parts_of(pattern) < PARTS_MAX / 3


@pytest.mark.parametrize("sign", ["(", ")", "[", "\\", "{1", "[[:", "a{1}", "[^]"])
def test_any_text_is_counted(sign: str) -> None:
    assert parts_of(sign * 300) >= 0
