"""The encoding of a table is proved, or asked with the readings of the real text, and never guessed."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prismd.core.tables.encodings.detection import encoding_of
from prismd.core.tables.samples import Sample
from prismd.core.tables.watching import ByteWatch, unproved_bytes

TEXTS = {
    "German": "Name;Ort\nMüller;Köln\nJäger;Gießen\nGröße;Düsseldorf\n",
    "Spanish": "Nombre;Ciudad\nMuñoz;España\nGarcía;Málaga\nPérez;Córdoba\n",
    "French": "Nom;Ville\nHélène;Genève\nFrançois;Nîmes\nNoël;Besançon\n",
    "Portuguese": "Nome;Cidade\nJoão;São Paulo\nConceição;Brasília\nAntônio;Maceió\n",
    "Danish": "Navn;By\nSøren;Århus\nBjørn;København\nÆgir;Odense\n",
    "Polish": "Imię;Miasto\nŁukasz;Kraków\nZażółć;Gdańsk\nJózef;Łódź\n",
    "Czech": "Jméno;Město\nJiří;Plzeň\nDvořák;Žďár\n",
    "Hungarian": "Név;Város\nGyőr;Ő\nKovács;Székesfehérvár\nSzűcs;Pécs\n",
    "Turkish": "Ad;Şehir\nDoğan;İstanbul\nÇağla;Eskişehir\nGül;Muğla\n",
    "Russian": "Имя;Город\nИван;Москва\nАнна;Санкт-Петербург\nОльга;Новосибирск\n",
    "Greek": "Όνομα;Πόλη\nΓιώργος;Αθήνα\nΜαρία;Θεσσαλονίκη\n",
    "Japanese": "名前,都市\n田中太郎,東京\nさとう,大阪\nスズキ,京都\n",
    "Chinese": "姓名,城市\n王小明,北京\n李娜,上海\n张伟,广州\n",
    "Taiwanese": "姓名,城市\n王小明,臺北\n陳美麗,高雄\n張偉,臺中\n",
    "Korean": "이름,도시\n김철수,서울\n이영희,부산\n박지성,대구\n최민수,인천\n",
    "Euro": "a;b\n5 €;x\n",
    "Swedish": "Namn\nÅsa Sjöström\nJörgen Malmö\n",
    "Mixed": "Name\nKovács\nDvořák\nWałęsa\nMüller\n",
    "Few": "n\nEspaña\n",
}
ENCODINGS = {
    "cp1252", "iso8859-1", "iso8859-15", "mac-roman", "cp850", "cp437", "cp1250", "iso8859-2", "cp852", "cp1254",
    "cp857", "cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic", "cp1253", "iso8859-7", "cp932", "euc_jp",
    "iso2022_jp", "gb18030", "cp950", "cp949", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be",
}  # fmt: skip


def encodable(text: str, encoding: str) -> bool:
    try:
        return text.encode(encoding).decode(encoding) == text
    except UnicodeError:
        return False


def whole(data: bytes) -> list[Sample]:
    return [Sample(0, data, ends=True)]


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize("language", TEXTS)
def test_a_text_is_read_as_it_was_or_asked(language: str, encoding: str) -> None:
    text = TEXTS[language]
    if not encodable(text, encoding):
        return
    data = text.encode(encoding)
    found = encoding_of(whole(data))
    if found.decision:
        assert data.decode(found.name).removeprefix("\ufeff") == text
        return
    assert found.question
    assert len({reading.evidence for reading in found.question.readings}) > 1
    assert found.question.flag == "--encoding"


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("German", "cp1252"), ("German", "mac-roman"), ("German", "cp850"), ("Spanish", "cp1252"),
        ("French", "cp1252"), ("Portuguese", "cp1252"), ("Danish", "cp1252"), ("Polish", "cp1250"),
        ("Polish", "iso8859-2"), ("Czech", "cp1250"), ("Hungarian", "cp1250"), ("Turkish", "cp1254"),
        ("Russian", "cp1251"), ("Russian", "koi8-r"), ("Russian", "cp866"), ("Greek", "cp1253"),
        ("Chinese", "gb18030"), ("Taiwanese", "cp950"), ("Japanese", "iso2022_jp"),
    ],
)  # fmt: skip
def test_what_a_language_proves_is_not_asked(language: str, encoding: str) -> None:
    found = encoding_of(whole(TEXTS[language].encode(encoding)))
    assert found.question is None


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\x1b"), max_size=40), st.integers(0, 40))
@example("naïve", 3)
@example("\x80", 0)
def test_utf_8_cut_anywhere_in_the_middle_of_the_file_is_utf_8(text: str, cut: int) -> None:
    data = ("Ort,Größe,名前,Москва\n" + text).encode()
    found = encoding_of([Sample(0, data[: 24 + cut], ends=False), Sample(24 + cut, data[24 + cut :], ends=True)])
    assert found.name == "utf-8"
    assert found.decision or not text.isprintable()


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE])
def test_a_mark_decides(mark: bytes) -> None:
    names = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
    found = encoding_of(whole(mark + "a,ü\n".encode(names.get(mark, "utf-32-le"))))
    assert found.decision
    assert "byte order mark" in found.decision.evidence


def test_a_mark_that_the_bytes_belie_does_not_decide() -> None:
    assert encoding_of(whole(codecs.BOM_UTF8 + "Name\nMüller\n".encode("cp1252"))).question


def test_a_question_shows_the_line_that_differs() -> None:
    question = encoding_of(whole("n\nplain\nFaçade\n".encode("cp1252"))).question
    assert question
    assert question.readings[0].evidence == "line 3: Façade"


@given(st.binary(max_size=60))
@example(b"\xff\xfe")
@example(b"\0")
@example(b"")
def test_any_bytes_are_decided_or_asked(data: bytes) -> None:
    found = encoding_of(whole(data))
    assert (found.decision is None) != (found.question is None)
    if found.question:
        assert len({reading.value for reading in found.question.readings}) > 1


def test_an_answer_is_taken() -> None:
    assert encoding_of(whole("é".encode("cp1252")), "latin1").name == "iso8859-1"


@pytest.mark.parametrize("text", ["a;b\n5,00 €;x\n", "a;b\n€5;x\n", "Name;Währung\nA;B\n"])
def test_a_price_or_a_known_word_proves_its_encoding(text: str) -> None:
    found = encoding_of(whole(text.encode("cp1252")))
    assert found.question is None
    assert text.encode("cp1252").decode(found.name) == text


def test_a_byte_that_no_sample_had_is_told_where_encodings_differ() -> None:
    samples = whole("Name;Ort\nMüller;Köln\nJäger;Gießen\n".encode("cp1252"))
    found = encoding_of(samples)
    assert found.name == "cp1252"
    assert "cp1250" in found.alike
    watch = ByteWatch(found.name, found.alike, unproved_bytes(found.name, found.alike, samples))
    assert watch.see("Größe;Käthe\n".encode("cp1252")) is None
    told = watch.see("x;Łódź\n".encode("cp1250"))
    assert told
    assert told.startswith("byte 15 of the file is 0xA3, which no sample had: '£' in cp1252")
    assert "'Ł' in cp1250" in told
