"""Options that rows lack: the same ones are made, however the rows are cut into chunks."""

from __future__ import annotations

from itertools import count, pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.properties.schema import ObjectSchema, Option, Property
from prismd.core.records.missing_options import with_options

WORDS = ("On ice", "on_ice", "ON-ICE", " on ice ", "C", "C++", "c", "c_2", "Red", "red!", "1", "1.", "_", "+")

labels = st.lists(st.sampled_from(WORDS) | st.text(alphabet="aA_- +", min_size=1, max_size=4), max_size=8)


def made(texts: list[str], cuts: set[int], most: int) -> list[tuple[str, str]]:
    """Return slug and label of the options that labels make, in chunks that begin at these places."""
    ids = count()
    prop = Property("p", "tags", "multiselect_str", "Tags")
    schema = ObjectSchema("contact", {"tags": prop})
    for begin, end in pairwise(sorted({0, *cuts, len(texts)})):
        schema, _ = with_options(
            schema,
            {"tags": list(dict.fromkeys(texts[begin:end]))},
            option_id=lambda _prop, _label: f"#{next(ids)}",
            options_max=most,
            options_in_all_max=10,
        )
    options: tuple[Option, ...] = schema.properties["tags"].options
    return [(option.slug, option.value) for option in options]


@given(texts=labels, cuts=st.sets(st.integers(0, 8)), most=st.integers(0, 9))
@example(texts=["On ice", "on_ice"], cuts={1}, most=9)
@example(texts=["on_ice", "On ice"], cuts={1}, most=9)
@example(texts=["On ice", "C", "on-ice", "C++"], cuts={2}, most=3)
def test_the_same_options_are_made_wherever_rows_are_cut(texts: list[str], cuts: set[int], most: int) -> None:
    cuts = {cut for cut in cuts if cut < len(texts)}
    assert made(texts, cuts, most) == made(texts, set(), most)
