"""E-mail addresses and domains: which texts are some, and what is said of the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.values.addresses import address_problem, domain_problem
from tests.bounded_work import bounded_work

LETTERS = st.characters(categories=["Ll", "Lu", "Lo", "Nd"])
LABELS = st.text(LETTERS, min_size=1, max_size=10)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "org"]))
LOCALS = st.text(LETTERS | st.sampled_from("!#$%&'*+-/=?^_`{|}~."), min_size=1, max_size=20)
#: What separates people's own spellings from an address.
SEPARATORS = st.sampled_from([" ", "\t", "\n", "\0", "\u200b", "\ufeff", "\u00a0", "@", ",", ";", "<", ">", ":", '"'])


@given(LOCALS, DOMAINS)
def test_what_mail_is_sent_to_is_an_address(local: str, domain: str) -> None:
    assert address_problem(f"{local}@{domain}") is None
    assert domain_problem(domain) is None


@given(LOCALS, DOMAINS, SEPARATORS, st.data())
def test_what_holds_something_else_is_none(local: str, domain: str, separator: str, data: st.DataObject) -> None:
    address = f"{local}@{domain}"
    place = data.draw(st.integers(0, len(address)))
    text = address[:place] + separator + address[place:]
    said = address_problem(text)
    assert said is not None
    assert said.startswith("expected an address such as ada@example.org, found the text ")
    assert domain_problem(domain + separator) is not None


@pytest.mark.parametrize(
    "text",
    [
        "ada@x.org", "ADA.L+news@mail.example.co.uk", "o'brien@x.org", "a@b.c", "ада@пример.рф", "用户@例子.广告",
        "संपर्क@डाटामेल.भारत", "a..b.@docomo.example", '"a@b"@x.org', '"(c)"@x.org', f"{'a' * 242}@example.org",
        '"a\\"b"@x.org', '"a\\\\"@x.org', '"a\\b"@x.org',
    ],
)  # fmt: skip
def test_addresses(text: str) -> None:
    assert address_problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it has no @"),
        ("ada", "it has no @"),
        ("@", "nothing stands before the @"),
        ("@x.org", "nothing stands before the @"),
        ("ada@", "nothing stands after the @"),
        ("ada@@x.org", "more than one @"),
        ("ada@x.org,bob@x.org", "more than one @"),
        ("ada@localhost", "a domain has a dot"),
        ("ada@x..org", "beside another dot"),
        ("ada@.x.org", "a dot stands at an end"),
        ("ada@x.org.", "a dot stands at an end"),
        ("ada@-x.org", "hyphen"),
        ("ada@x_y.org", "'_' stands in no domain"),
        ("ada@127.0.0.1", "does not end with a number"),
        ("ada@[127.0.0.1]", "'[' stands in no domain"),
        (f"ada@{'x' * 64}.org", "more than 63 characters"),
        ("Ada <ada@x.org>", "white space"),
        ("<ada@x.org>", "'<' stands before the @"),
        ("mailto:ada@x.org", "':' stands before the @; send the address alone"),
        ("ada@x.org;", "';' stands in no domain"),
        ("ada lovelace@x.org", "white space"),
        ("ada@x.org\n", "white space"),
        ("a\u200bda@x.org", "cannot be seen"),
        ("a\u3164da@x.org", "cannot be seen"),
        ("ada@x\ufe0f.org", "cannot be seen"),
        ("a\ud800@x.org", "cannot be seen"),
        ('"ada@x.org', "'\"' stands before the @"),
        ('"a"b"@x.org', "'\"' stands before the @"),
        ('"@x.org', "'\"' stands before the @"),
        ('""@x.org', "'\"' stands before the @"),
        ('"""@x.org', "'\"' stands before the @"),
        ('"a\\"@x.org', "'\"' stands before the @"),
        (f"{'a' * 243}@example.org", "it has 255 characters and may have at most 254"),
    ],
)
def test_what_is_no_address_says_why(text: str, why: str) -> None:
    said = address_problem(text)
    assert said is not None
    assert why in said


@pytest.mark.parametrize(
    "text",
    [
        "acme.org",
        "ACME.org",
        "a-b.example.co.uk",
        "bücher.example",
        "xn--bcher-kva.example",
        "3m.com",
        "123.org",
        f"{'x' * 63}.org",
        f"{('x' * 63 + '.') * 3}{'y' * 57}.org",
    ],
)
def test_domains(text: str) -> None:
    assert domain_problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Acme", "a domain has a dot"),
        ("https://acme.org/", "':' stands in no domain; write acme.org"),
        ("https://user@acme.org:8080/about?x=1#y", "; write acme.org"),
        ("acme.org/about", "'/' stands in no domain; write acme.org"),
        ("acme.org:443", "; write acme.org"),
        ("ada@acme.org", "'@' stands in no domain; write acme.org"),
        ("a@b@acme.org", "'@' stands in no domain; write acme.org"),
        ("https://acme.org/a/b", "; write acme.org"),
        ("https://https://acme.org", "; write acme.org"),
        ("acme.org:80:80", "; write acme.org"),
        ("acme-.org", "hyphen"),
        ("x.123", "does not end with a number"),
        (f"{('x' * 63 + '.') * 3}{'y' * 58}.org", "254 characters"),
        ("@acme.org", "; write acme.org"),
        ("acme.org.", "; write acme.org"),
        ("https://", "':' stands in no domain"),
        ("Acme Ltd.", "white space"),
        ("10.0.0.1", "does not end with a number"),
        ("*.acme.org", "'*' stands in no domain"),
        ("x." * 127 + "org", "257 characters"),
        ("", "a domain has a dot"),
    ],
)
def test_what_is_no_domain_says_why_and_what_to_write(text: str, why: str) -> None:
    said = domain_problem(text)
    assert said is not None
    assert said.startswith("expected a domain such as example.org, found ")
    assert why in said


@pytest.mark.parametrize("text", ["Acme", "https://", "Acme Ltd.", "10.0.0.1", "*.acme.org", ""])
def test_where_no_domain_is_in_a_text_none_is_proposed(text: str) -> None:
    assert "write" not in (domain_problem(text) or "write")


@pytest.mark.parametrize("text", ["@" * 1_000_000, '"' * 1_000_000, "a." * 1_000_000, "https://" * 200_000])
def test_no_text_takes_long(text: str) -> None:
    with bounded_work():
        assert address_problem(text)
        assert domain_problem(text)
