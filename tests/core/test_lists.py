"""What lists are made of, and that the page about them says so."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from prismd.core.errors import PrismdError
from prismd.core.lists.definitions import MadeList, NewList, define_list, template_named
from prismd.core.lists.templates import LISTABLE_TYPES, TEMPLATES, ListTemplate
from prismd.core.properties.schema import APP_STAGE, OBJECT_TYPES
from prismd.core.properties.slugs import is_slug

NOW = datetime(2026, 1, 5, tzinfo=UTC)
PAGE = (Path(__file__).parents[2] / "docs" / "lists.md").read_text()


def define(template_id: str, **fields: str) -> MadeList:
    numbers = itertools.count()
    return define_list(NewList(template_id=template_id, **fields), new_id=lambda: str(next(numbers)), now=NOW)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=lambda template: template.id)
def test_a_template_is_whole_and_documented(template: ListTemplate) -> None:
    slugs = [slug for slug, _ in template.stages]
    assert len(set(slugs)) == len(slugs) >= 3
    assert all(is_slug(slug) for slug in slugs)
    assert template.name
    assert template.description.endswith(".")
    held = "as asked for"
    if template.object_type:
        held = ", ".join(f"`{kind}`" for kind in template.supported_object_types)
    assert f"| `{template.id}` | {held} | {', '.join(f'`{slug}`' for slug in slugs)} |" in PAGE


def test_lists_hold_what_the_contract_says() -> None:
    assert set(LISTABLE_TYPES) < set(OBJECT_TYPES)
    assert {template.object_type for template in TEMPLATES.values()} == {*LISTABLE_TYPES, None}


def test_a_list_takes_from_its_template_what_is_left_out() -> None:
    whole = define("deal_flow", icon="star")
    made, stage = whole.list, whole.stages["deal"]
    assert list(whole.stages) == list(made.object_types) == ["deal", "identity", "organization"]
    assert (made.name, made.icon, made.object_type) == ("Deal flow", "star", "deal")
    assert (stage.key, stage.slug, stage.alias, stage.list_id) == (
        f"{made.id}/app_stage",
        APP_STAGE,
        APP_STAGE,
        made.id,
    )
    assert [option.sort_index for option in stage.options] == list(range(len(stage.options)))
    ids = [made.id, *(view.id for view in whole.views)]
    for one in whole.stages.values():
        ids += [one.id, *(option.id for option in one.options)]
    assert len(set(ids)) == len(ids)


def test_what_is_no_template_is_not_found_in_a_path_and_invalid_in_a_body() -> None:
    with pytest.raises(PrismdError) as in_path:
        template_named("deal_flwo")
    assert in_path.value.code == "not_found"
    assert 'did you mean "deal_flow"' in in_path.value.message
    with pytest.raises(PrismdError) as in_body:
        define("deal_flwo")
    assert in_body.value.problems[0].field == ".body.template_id"
