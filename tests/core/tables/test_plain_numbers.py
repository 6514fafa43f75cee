"""Numbers as programs write them are read at once, as the parts of any written number are."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.columns.forms import NumberForm
from prismd.core.tables.columns.numbers import written_number

_FORMS = [
    NumberForm(decimal, thousands, percent=percent)  # type: ignore[arg-type]
    for decimal in ".,"
    for thousands in ("", " ", "'", "." if decimal == "," else ",")
    for percent in (False, True)
]


@example("-0", NumberForm("."))
@example("007", NumberForm("."))
@example("1,500", NumberForm(",", "."))
@example("1,500", NumberForm(".", ","))
@example("1" * 16, NumberForm("."))
@example("0." + "1" * 70, NumberForm("."))
@example("١٢", NumberForm("."))
@given(st.text("0123456789.,- +%e", max_size=24), st.sampled_from(_FORMS))
def test_a_number_is_read_as_by_its_parts(text: str, form: NumberForm) -> None:
    written = written_number(text)
    fits = written is not None and written.percent == form.percent and written.currency in ("", form.currency)
    expected = form.value(written) if written is not None and fits else None
    found = form.read(text)
    assert (found, type(found), str(found)) == (expected, type(expected), str(expected))
