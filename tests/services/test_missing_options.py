"""Options that imports make: a label is one option, whatever its case, row and chunk, and no slug takes it over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prismd.core.properties.option_names import OptionNames, folded
from prismd.core.properties.schema import Option
from prismd.store.properties import load_schema
from tests.services.importing import Importer


@pytest.fixture
def make_importer(importer: Importer, make_team: Callable[[], int]) -> Callable[[], Importer]:
    return lambda: Importer(importer.connection, importer.runtime, make_team())


def options_of(importer: Importer) -> dict[str, Option]:
    schema = load_schema(importer.connection, importer.team_id, "contact")
    return {option.slug: option for option in schema.properties["tags"].options}


def imported(importer: Importer, texts: list[str], chunk: int, **options: Any) -> list[Any]:
    rows = [{"tags": [text]} for text in texts]
    return importer.as_job(rows, chunk=chunk, create_missing_options=True, **options)[1]


def label_of(importer: Importer, verdict: Any) -> str:
    if not verdict["created"]:
        return str(verdict["error"]["code"])
    [slug] = importer.record(verdict["id"])["tags"]
    return folded(options_of(importer)[slug].value)


WORDS = (
    "c|C++|c#|A/B|A_B|Café|cafe|CAFÉ|+|*|北京|beijing| Red |RED|red|red!|red_2|unnamed|Zoë|zoe|ß|SS|\ufeffRed|1|1.|İ|i"
)

labels = st.lists(
    st.sampled_from(WORDS.split("|")) | st.text(alphabet="aAbé/+!\u200b", min_size=1, max_size=3).filter(folded),
    min_size=1,
    max_size=8,
)


@given(texts=labels, chunk=st.integers(1, 8), more=labels)
@example(texts=["C++", "C", "c"], chunk=1, more=["c", "C++"])
@example(texts=["C", "C++"], chunk=1, more=["c"])
@example(texts=["A/B", "A_B", "a_b"], chunk=2, more=["A/B"])
@example(texts=["Red", "red", " RED ", "red!"], chunk=1, more=["RED!"])
@example(texts=["Café", "cafe", "北京", "beijing"], chunk=1, more=["CAFE"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_has_the_option_that_its_label_says(
    make_importer: Callable[[], Importer], texts: list[str], chunk: int, more: list[str]
) -> None:
    importer = make_importer()
    forecast = imported(importer, texts, chunk, dry_run=True)
    verdicts = imported(importer, texts, chunk)
    assert [one["created"] for one in forecast] == [one["created"] for one in verdicts]
    assert [label_of(importer, one) for one in verdicts] == [folded(text) for text in texts]
    assert [label_of(importer, one) for one in imported(importer, more, chunk)] == [folded(text) for text in more]
    made = [option for option in options_of(importer).values() if option.enabled]
    assert sorted(folded(option.value) for option in made) == sorted({folded(text) for text in (*texts, *more)})
    names = OptionNames(made)
    for option in made:
        # What was read can be sent back: every slug means its option.
        assert names.meant(option.slug).option == option


def test_the_first_spelling_stays_and_ends_are_trimmed(make_importer: Callable[[], Importer]) -> None:
    importer = make_importer()
    imported(importer, ["\ufeff On ice ", "ON ICE", "on ice"], 1)
    assert [(option.slug, option.value) for option in options_of(importer).values()] == [("on_ice", "On ice")]


def test_a_label_that_is_the_slug_of_another_option_is_refused_and_names_both(
    make_importer: Callable[[], Importer],
) -> None:
    importer = make_importer()
    schema = load_schema(importer.connection, importer.team_id, "contact")
    tags = schema.properties["tags"]
    importer.connection.execute(
        "INSERT INTO property_option (team_id, object_type, property_id, id, slug, value)"
        " VALUES (%s, 'contact', %s, gen_random_uuid(), 'c', 'C++')",
        (importer.team_id, tags.id),
    )
    [verdict] = imported(importer, ["C"], 1)
    assert verdict["error"]["code"] == "invalid_option"
    assert '"C"' in verdict["error"]["message"]
    assert '`c` ("C++")' in verdict["error"]["message"]
    assert [option.value for option in options_of(importer).values()] == ["C++"]
    # Its slug still means it, also where options are made.
    assert label_of(importer, imported(importer, ["c"], 1)[0]) == "c++"


def test_options_that_an_earlier_version_gave_one_label_are_told_apart_by_slug_or_id(
    make_importer: Callable[[], Importer],
) -> None:
    importer = make_importer()
    tags = load_schema(importer.connection, importer.team_id, "contact").properties["tags"]
    for slug in ("red", "red_2"):
        importer.connection.execute(
            "INSERT INTO property_option (team_id, object_type, property_id, id, slug, value)"
            " VALUES (%s, 'contact', %s, gen_random_uuid(), %s, 'Red')",
            (importer.team_id, tags.id, slug),
        )
    for text in ("Red", "RED"):
        [verdict] = imported(importer, [text], 1)
        assert verdict["error"]["code"] == "invalid_option"
        assert "`red`, `red_2`" in verdict["error"]["message"]
    assert [one["created"] for one in imported(importer, ["red", "red_2"], 1)] == [True, True]


def test_no_option_is_made_only_to_be_taken_away(make_importer: Callable[[], Importer]) -> None:
    importer = make_importer()
    rows = [{"tags": {"_op": "remove", "values": ["Never"]}}, {"tags": {"_op": "append", "values": ["Now"]}}]
    _, verdicts = importer.as_job(rows, create_missing_options=True)
    assert [one.get("error", {}).get("code") for one in verdicts] == ["invalid_option", None]
    assert [option.value for option in options_of(importer).values()] == ["Now"]
