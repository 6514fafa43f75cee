"""Tables whose cells are known: people and orders made by seed in ten locales, and real airports and countries."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Final

import airportsdata
import pycountry

#: A value as the table means it: a text, a number, a day, a yes or no, or nothing.
Value = str | Decimal | date | bool | None


@dataclass(frozen=True)
class Locale:
    """How people of one country write.

    Args:
        name: Its name.
        first: First names.
        last: Last names.
        cities: Cities.
        date: The form of dates, for strftime.
        decimal: The sign before decimals.
        thousands: The sign between thousands.
        delimiter: The delimiter that spreadsheets write there.
        encodings: Its encodings beside Unicode.
        names: The names of the columns of people.
        words: The words for yes and no.
    """

    name: str
    first: str
    last: str
    cities: str
    date: str
    decimal: str
    thousands: str
    delimiter: str
    encodings: tuple[str, ...]
    names: str
    words: tuple[str, str]


LOCALES: Final = (
    Locale("en_US", "Mary James Linda Robert Patricia John Jennifer Michael", "Smith Johnson O'Brien Brown Garcia Davis",
           "Boston Austin,_TX Denver Salt_Lake_City Portland", "%m/%d/%Y", ".", ",", ",", ("cp1252",),
           "ID;Name;Email;City;Date of birth;Amount;Active;Phone;Notes", ("yes", "no")),
    Locale("en_GB", "Oliver Amelia Harry Isla Zoë Siân", "Jones Taylor Williams Brontë MacDonald", "London Leeds York Bath",
           "%d/%m/%Y", ".", ",", ",", ("cp1252",), "ID;Name;Email;Town;Date of birth;Amount;Active;Phone;Notes",
           ("true", "false")),
    Locale("de", "Jürgen Käthe Björn Sören Günther Anna", "Müller Jäger Größler Weiß Schröder Groß", "Köln München Düsseldorf Gießen",
           "%d.%m.%Y", ",", ".", ";", ("cp1252", "iso8859-15", "cp850"),
           "Nr;Name;E-Mail;Ort;Geburtsdatum;Betrag;Aktiv;Telefon;Bemerkung", ("ja", "nein")),
    Locale("fr", "Hélène François Noël Zoé Benoît Gaëlle", "Lefèvre Béranger Goût Forêt Maçon", "Nîmes Genève Besançon Orléans",
           "%d/%m/%Y", ",", " ", ";", ("cp1252", "iso8859-15", "mac-roman"),
           "N°;Nom;Courriel;Ville;Date de naissance;Montant;Actif;Téléphone;Remarque", ("oui", "non")),
    Locale("es", "José María Andrés Iñigo Lucía Raúl", "Muñoz García Pérez Núñez Martín", "Málaga Córdoba Logroño León",
           "%d/%m/%Y", ",", ".", ";", ("cp1252",), "Número;Nombre;Correo;Ciudad;Fecha de nacimiento;Importe;Activo;Teléfono;Notas",
           ("sí", "no")),
    Locale("pl", "Łukasz Józef Małgorzata Paweł Żaneta", "Wiśniewski Dąbrowski Kamińska Wójcik Źródło", "Kraków Łódź Gdańsk Poznań",
           "%d.%m.%Y", ",", " ", ";", ("cp1250", "iso8859-2"), "Numer;Imię;E-mail;Miasto;Data urodzenia;Kwota;Aktywny;Telefon;Uwagi",
           ("tak", "nie")),
    Locale("ru", "Иван Анна Ольга Сергей Юлия Фёдор", "Иванов Петрова Щукин Цветкова Журавлёв", "Москва Тверь Новосибирск Пермь",
           "%d.%m.%Y", ",", " ", ";", ("cp1251", "koi8-r"), "Номер;Имя;Почта;Город;Дата рождения;Сумма;Активен;Телефон;Примечание",
           ("да", "нет")),
    Locale("tr", "Çağla Doğan İbrahim Şule Gül Ömer", "Yılmaz Şahin Özgür Çelik Doğan", "İstanbul Muğla Eskişehir Iğdır",
           "%d.%m.%Y", ",", ".", ";", ("cp1254",), "No;Ad;E-posta;Şehir;Doğum tarihi;Tutar;Durum;Telefon;Not", ("evet", "hayır")),
    Locale("ja", "太郎 花子 健一 さくら 美咲", "田中 鈴木 佐藤 高橋 渡辺", "東京 大阪 札幌 なごや", "%Y/%m/%d", ".", ",", ",",
           ("cp932", "euc_jp"), "番号;氏名;メール;都市;生年月日;金額;有効;電話番号;備考", ("はい", "いいえ")),
    Locale("zh", "小明 丽 伟 芳 建国", "王 李 张 刘 陈", "北京 上海 广州 深圳", "%Y-%m-%d", ".", ",", ",", ("gb18030",),
           "编号;姓名;邮箱;城市;出生日期;金额;状态;电话;备注", ("是", "否")),
)  # fmt: skip
_NOTES: Final = (
    "",
    "ok",
    "calls back",
    "was here, twice",
    "first; second",
    'said "hello"',
    "line one\nline two",
    "50 % off",
)


@dataclass(frozen=True)
class KnownTable:
    """A table whose values are known.

    Args:
        locale: How it is written.
        names: The names of its columns.
        rows: Its values.
    """

    locale: Locale
    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def with_rows(self, rows: Sequence[Sequence[Value]]) -> KnownTable:
        """Return the same table with other rows."""
        return KnownTable(self.locale, self.names, tuple(tuple(row) for row in rows))


def people(locale: Locale, dice: random.Random, count: int) -> KnownTable:
    """Return people, with an address, a day, an amount, a yes or no, and notes."""
    first, last, cities = locale.first.split(), locale.last.split(), locale.cities.split()
    rows = []
    for number in range(count):
        born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
        amount = Decimal(dice.randrange(1, 10_000_000)) / 100
        name = f"{dice.choice(first)} {dice.choice(last)}"
        rows.append((
            Decimal(1000 + number * 7), name, f"p{number}.{dice.randrange(999)}@example.org",
            dice.choice(cities).replace("_", " "), born, amount, dice.random() < 0.5,
            f"+49 30 {dice.randrange(1_000_000, 9_999_999)}", dice.choice(_NOTES) or None,
        ))  # fmt: skip
    # A day that no month has settles the order of dates, as it does in nearly every real file.
    rows[-1] = (*rows[-1][:4], date(1987, 10, 31), Decimal("1234.56"), *rows[-1][6:])
    return KnownTable(locale, tuple(locale.names.split(";")), tuple(rows))


def airports(locale: Locale, dice: random.Random, count: int) -> KnownTable:
    """Return airports of the world as their list has them."""
    chosen = dice.sample(_airports(), count)
    rows = [
        (code, name, city or None, country, Decimal(str(lat)), Decimal(str(lon)))
        for code, name, city, country, lat, lon in chosen
    ]
    return KnownTable(locale, ("code", "name", "city", "country", "lat", "lon"), tuple(rows))


def countries(locale: Locale, dice: random.Random, count: int) -> KnownTable:
    """Return countries as their list has them."""
    chosen = dice.sample(list(pycountry.countries), min(count, 200))
    rows = [(one.alpha_3, one.name, str(one.numeric)) for one in chosen]
    return KnownTable(locale, ("code", "name", "number"), tuple(rows))


def orders(locale: Locale, dice: random.Random, count: int) -> KnownTable:
    """Return orders with a number that begins with zeros, a day, a quantity and a price."""
    rows = list[tuple[Value, ...]]()
    for number in range(count):
        day = date(2023, 1, 1) + timedelta(days=dice.randrange(700))
        price = Decimal(dice.randrange(100, 900_000)) / 100
        rows.append(
            (f"{number * 37:06}", f"SKU-{dice.randrange(99)}", day, Decimal(dice.randrange(1, 40)), price, None)
        )
    rows[-1] = (*rows[-1][:2], date(2024, 1, 29), rows[-1][3], Decimal("2345.67"), "last")
    return KnownTable(locale, ("order_no", "sku", "order_date", "quantity", "price", "comment"), tuple(rows))


MAKERS: Final[tuple[Callable[[Locale, random.Random, int], KnownTable], ...]] = (
    people,
    people,
    people,
    orders,
    airports,
    countries,
)


@cache
def _airports() -> list[tuple[str, str, str, str, float, float]]:
    found = airportsdata.load("IATA").values()
    return [(a["iata"], a["name"], a["city"], a["country"], a["lat"], a["lon"]) for a in found if a["iata"]]
