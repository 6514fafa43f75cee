"""What If-Match and If-None-Match demand of what there is, and of what there is not."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from prismd.core.errors import PrismdError
from prismd.core.records.preconditions import ANY, Preconditions


def refused(version: int | None, match: Collection[str] | None, none_match: Collection[str] | None) -> bool:
    conditions = Preconditions(*(None if one is None else frozenset(one) for one in (match, none_match)))
    try:
        conditions.check(version)
    except PrismdError as error:
        return error.code == "precondition_failed"
    return False


@pytest.mark.parametrize("match", [None, ANY, ['"3"'], ['"2"', '"3"']])
@pytest.mark.parametrize("none_match", [None, ['"2"'], ['W/"2"', '"33"']])
def test_what_is_meant_is_written(match: Collection[str] | None, none_match: Collection[str] | None) -> None:
    assert not refused(3, match, none_match)


@pytest.mark.parametrize("match", [[], ['"2"'], ['W/"3"'], ['"03"'], ["3"]])
def test_tags_that_are_demanded_are_compared_letter_by_letter(match: Collection[str]) -> None:
    assert refused(3, match, None)


@pytest.mark.parametrize("none_match", [ANY, ['"3"'], ['W/"3"'], ['"2"', 'W/"3"']])
def test_tags_that_are_excluded_are_compared_weakly(none_match: Collection[str]) -> None:
    assert refused(3, None, none_match)
    assert refused(3, ANY, none_match)


def test_what_is_not_there_meets_only_what_excludes_it() -> None:
    assert refused(None, ANY, None)
    assert refused(None, ['"1"'], None)
    assert not refused(None, None, ANY)
    assert not refused(None, None, ['"1"'])
    assert not refused(None, None, None)
