"""What tests expect where something is refused: of an answer, and of an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from prismd.core.errors import PrismdError


def error_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Expect an answer that refuses, and return its error."""
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), answer.text
    assert error["request_id"] == answer.headers["x-request-id"]
    return error


def refused(answer: httpx.Response, status: int, code: str, *fields: str | None, check: str | None = None) -> None:
    """Expect an answer that refuses a request for these fields and for no others.

    Args:
        answer: To the request.
        status: That it has.
        code: Of the error.
        fields: In order, as the error names them; None is none.
        check: Code of what is wrong with each field, where that is looked at.
    """
    problems = error_of(answer, status, code).get("errors", [])
    assert [problem["field"] for problem in problems] == [field for field in fields if field is not None], answer.text
    assert check is None or {problem["code"] for problem in problems} == {check}, answer.text


def refusal(act: Callable[[], object], code: str | None = None) -> PrismdError:
    """Expect an act to be refused, with a code if one is given, and return the exception."""
    with pytest.raises(PrismdError) as caught:
        act()
    assert code in (None, caught.value.code)
    return caught.value
