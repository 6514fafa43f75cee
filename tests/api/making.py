"""What tests make over the API, to look at what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from prismd.api.records.shapes import Record

if TYPE_CHECKING:
    from tests.api.conftest import Api


def make_record(api: Api, object_type: str = "contact", **values: Any) -> dict[str, Any]:
    """Make a record with some values, and return it as it is answered."""
    answer = api.send("POST", f"/{object_type}", json={"default": values})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    msgspec.convert(made, Record)
    return made


def make_id(api: Api, object_type: str = "contact", **values: Any) -> str:
    """Make a record with some values, and return its id."""
    return str(make_record(api, object_type, **values)["id"])


def make_list(api: Api, template: str = "sales_deals", **fields: Any) -> dict[str, Any]:
    """Make a list of records, and return it as it is answered."""
    answer = api.send("POST", "/lists", json={"template_id": template, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def properties_of(api: Api, object_type: str, **query: str) -> list[dict[str, Any]]:
    """Return the properties of a type, as they are listed."""
    answer = api.send("GET", f"/{object_type}/properties", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()[object_type].values())


def define(api: Api, object_type: str = "deal", **asked: Any) -> dict[str, Any]:
    """Define a property, a number unless another is asked for, and return it."""
    answer = api.send("POST", f"/{object_type}/properties", json={"name": "Weight", "type": "num"} | asked)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
