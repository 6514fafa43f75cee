"""Layouts as programs, banks, offices and public bodies export them, filled with known values."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from tests.files.corpus.known_tables import LOCALES, Locale, Value, people
from tests.files.corpus.writing import MadeFile, Style, line, written

_FIRST: Final = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Katherine", "Linus", "Margaret", "Dennis", "Radia")
_LAST: Final = (
    "Lovelace",
    "Hopper",
    "Turing",
    "Dijkstra",
    "Liskov",
    "Johnson",
    "O'Neil",
    "Hamilton",
    "Ritchie",
    "Perlman",
)
_FIRMS: Final = ("Acme, Inc.", "Globex", "Initech LLC", "Umbrella Corp", "Stark & Sons", "Wayne Enterprises")
_CITIES: Final = ("Berlin", "Paris", "New York", "Oslo", "Lima", "Kyoto", "Graz", "Cork")
_COUNTRIES: Final = ("Germany", "France", "United States", "Norway", "Peru", "Japan", "Austria", "Ireland")


@dataclass(frozen=True)
class Layout:
    """How one program exports.

    Args:
        name: The program and its export.
        columns: One line per export: ``name=kind`` between bars; the kinds are listed in :func:`_value`.
        delimiter: The sign between cells.
        encoding: The encoding.
        end: The end of lines.
        quotes_all: Whether every cell is quoted.
        above: Lines above the header.
        below: Lines below the rows.
        decimal: The sign before decimals.
    """

    name: str
    columns: str
    delimiter: str = ","
    encoding: str = "utf-8"
    end: str = "\r\n"
    quotes_all: bool = False
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    decimal: str = "."


_PROGRAMS: Final = (
    Layout("Google Contacts", "First Name=first|Middle Name=none|Last Name=last|Phonetic First Name=none|Nickname=none|"
           "Birthday=ymd|Notes=note|Labels=labels|E-mail 1 - Label=label|E-mail 1 - Value=email|Phone 1 - Label=label|"
           "Phone 1 - Value=phone|Organization Name=firm|Address 1 - City=city|Website 1 - Value=url", end="\n"),
    Layout("Google Contacts, older", "Name=full|Given Name=first|Family Name=last|Group Membership=groups|E-mail 1 - Type=star|"
           "E-mail 1 - Value=email|Phone 1 - Type=label|Phone 1 - Value=phone", encoding="utf-16"),
    Layout("Outlook", "First Name=first|Middle Name=none|Last Name=last|Title=none|Suffix=none|Company=firm|Department=none|"
           "Job Title=job|Business Street=street|Business City=city|Business Postal Code=zip|Business Phone=phone|Mobile Phone=phone|"
           "Birthday=mdy|E-mail Address=email|E-mail Type=smtp|Notes=note|Web Page=url", encoding="cp1252", quotes_all=True),
    Layout("Outlook, German", "Anrede=none|Vorname=first|Nachname=last|Firma=firm|Position=job|Straße geschäftlich=street|"
           "Ort geschäftlich=city|Postleitzahl geschäftlich=zip|Telefon geschäftlich=phone|E-Mail-Adresse=email|Geburtstag=dmy.",
           encoding="cp1252", quotes_all=True),
    Layout("LinkedIn connections", "First Name=first|Last Name=last|URL=url|Email Address=email|Company=firm|Position=job|"
           "Connected On=named", end="\n", above=("Notes:", '"When exporting your connection data, you may notice that some of the '
           'email addresses are missing."', "")),
    Layout("HubSpot contacts", "Record ID=id|First Name=first|Last Name=last|Email=email|Phone Number=phone|Contact owner=full|"
           "Last Activity Date=stamp|Lead Status=status|Marketing contact status=status|Create Date=stamp|Associated Company=firm",
           end="\n", quotes_all=True),
    Layout("Salesforce leads", "Id=sfid|FirstName=first|LastName=last|Title=job|Company=firm|Street=street|City=city|Email=email|"
           "LeadSource=source|Status=status|Rating=none|AnnualRevenue=money|IsConverted=tf|CreatedDate=iso", quotes_all=True, end="\n"),
    Layout("Salesforce report", "First Name=first|Last Name=last|Account Name=firm|Amount=money|Close Date=mdy|Stage=status|"
           "Probability (%)=int", encoding="cp1252", quotes_all=True, below=("", '"Pipeline report"', '"Copyright (c) 2024"')),
    Layout("Pipedrive people", "Person - Name=full|Person - Label=none|Person - Organization=firm|Person - Email - Work=email|"
           "Person - Phone - Work=phone|Person - Owner=full|Person - Person created=stamp", end="\n"),
    Layout("Mailchimp audience", "Email Address=email|First Name=first|Last Name=last|Address=street|Phone Number=phone|MEMBER_RATING=int|"
           "OPTIN_TIME=stamp|CONFIRM_TIME=stamp|LATITUDE=geo|LONGITUDE=geo|CC=none|TAGS=quotedtags", end="\n"),
    Layout("Notion database", "Name=full|Status=status|Tags=tags|Date=named2|Email=email|Created=named2", encoding="utf-8-sig", end="\n"),
    Layout("Airtable grid", "Name=full|Email=email|Attachments=none|Status=status|Due=iso_day|Budget=dollar|Done=checked", encoding="utf-8-sig", end="\n"),
    Layout("Zoho CRM", "Record Id=zoho|Contact Owner=full|First Name=first|Last Name=last|Email=email|Phone=phone|Created Time=stamp|"
           "Email Opt Out=tf|Mailing City=city|Mailing Country=country"),
    Layout("Shopify customers", "Customer ID=longid|First Name=first|Last Name=last|Email=email|Accepts Email Marketing=yn|Company=firm|"
           "Address1=street|City=city|Zip=zip|Phone=phone|Total Spent=money|Total Orders=int|Note=note|Tags=tags", end="\n"),
    Layout("Shopify orders", "Name=hash|Email=email|Financial Status=status|Paid at=iso|Currency=eur|Subtotal=money|Shipping=money|Taxes=money|"
           "Total=money|Lineitem quantity=int|Lineitem name=job|Lineitem sku=sku|Billing Name=full|Billing Zip=zip", end="\n"),
    Layout("WooCommerce orders", "order_id=id|order_number=id|date=stamp|status=status|shipping_total=money|order_total=money|billing_first_name=first|"
           "billing_last_name=last|billing_email=email|billing_phone=phone|billing_city=city|customer_note=note", end="\n"),
    Layout("Stripe payments", "id=token|Created date (UTC)=stamp|Amount=money|Amount Refunded=money|Currency=eur|Captured=tf|Status=status|"
           "Customer Email=email|Card Last4=last4", end="\n"),
    Layout("PayPal", "Date=mdy|Time=clock|TimeZone=zone|Name=full|Type=job|Status=status|Currency=eur|Gross=grouped|Fee=money|Net=grouped|"
           "From Email Address=email|Transaction ID=sfid", encoding="utf-8-sig", quotes_all=True),
    Layout("PayPal, German", "Datum=dmy.|Uhrzeit=clock|Zeitzone=zone|Name=full|Typ=job|Status=status|Währung=eur|Brutto=grouped|Netto=grouped|"
           "Absender E-Mail-Adresse=email", encoding="utf-8-sig", quotes_all=True, decimal=","),
    Layout("Bank, German", "Buchungstag=dmy.|Valuta=dmy.|Auftraggeber/Empfänger=full|Verwendungszweck=note|IBAN=iban|Betrag=grouped|Währung=eur",
           delimiter=";", encoding="cp1252", above=("Umsätze Girokonto", "Zeitraum: 30 Tage", "" ), decimal=","),
    Layout("Bank, German savings", "Auftragskonto=iban|Buchungstag=dmy.|Buchungstext=job|Verwendungszweck=note|Begünstigter/Zahlungspflichtiger=full|"
           "Kontonummer=iban|BLZ=bic|Betrag=grouped|Währung=eur|Info=status", delimiter=";", encoding="cp1252", quotes_all=True, decimal=","),
    Layout("Bank, French", "Date=dmy/|Libellé=note|Débit euros=moneyblank|Crédit euros=grouped|Solde=grouped", delimiter=";", encoding="cp1252",
           decimal=",", above=("Téléchargement du 31/05/2024", "Compte n° 1234", "")),
    Layout("Bank, Spanish", "Fecha=dmy/|Concepto=note|Importe=grouped|Saldo=grouped|Divisa=eur", delimiter=";", encoding="utf-8-sig", decimal=","),
    Layout("Bank, Dutch", "Datum=compact|Naam / Omschrijving=full|Rekening=iban|Tegenrekening=iban|Code=status|Af Bij=status|Bedrag (EUR)=money|"
           "Mededelingen=note", delimiter=";", quotes_all=True, decimal=",", end="\n"),
    Layout("Bank, Swiss", "Buchungsdatum=dmy.|Valuta=dmy.|Buchungstext=note|Belastung=moneyblank|Gutschrift=swiss|Saldo=swiss", delimiter=";",
           encoding="cp1252"),
    Layout("Bank, British", "Date=dmy/|Type=status|Description=note|Value=money|Balance=grouped|Account Name=full|Account Number=last4"),
    Layout("Bank, American", "Details=status|Posting Date=mdy|Description=note|Amount=money|Type=status|Balance=money|Check or Slip #=none"),
    Layout("Bank, Polish", "Data operacji=iso_day|Opis operacji=note|Rachunek=iban|Kategoria=status|Kwota=spaced", delimiter=";", encoding="cp1250",
           decimal=","),
    Layout("QuickBooks customers", "Customer=full|Company=firm|Street Address=street|City=city|Country=country|Phone=phone|Email=email|Open Balance=grouped"),
    Layout("QuickBooks report", "Date=mdy|Transaction Type=job|Num=id|Name=full|Memo/Description=note|Amount=grouped|Balance=grouped",
           above=("Acme", "Transaction List by Customer", "All Dates", "")),
    Layout("Xero contacts", "ContactName=firm|AccountNumber=none|EmailAddress=email|FirstName=first|LastName=last|POAddressLine1=street|POCity=city|"
           "POPostalCode=zip|PhoneNumber=phone|DiscountDue=money", encoding="utf-8-sig"),
    Layout("Amazon orders", "order-id=amazon|purchase-date=iso|buyer-email=email|buyer-name=full|sku=sku|quantity-purchased=int|item-price=money|"
           "ship-city=city|ship-postal-code=zip|is-business-order=tf", delimiter="\t"),
    Layout("eBay orders", "Sales Record Number=id|Order Number=amazon|Buyer Username=token|Buyer Name=full|Buyer Email=email|Item Title=job|Quantity=int|"
           "Sold For=dollar|Sale Date=mon", encoding="utf-8-sig", quotes_all=True, above=("",)),
    Layout("Etsy sales", "Sale Date=mdy|Order ID=id|Buyer User ID=token|Full Name=full|Number of Items=int|Date Shipped=mdy|Ship City=city|"
           "Order Value=money|Currency=eur|Order Total=money", encoding="utf-8-sig", end="\n"),
    Layout("Eventbrite attendees", "Order #=longid|Order Date=stamp|First Name=first|Last Name=last|Email=email|Quantity=int|Ticket Type=job|"
           "Total Paid=money|Attendee Status=status", encoding="utf-8-sig"),
    Layout("Jira issues", "Summary=note|Issue key=jira|Issue id=id|Issue Type=job|Status=status|Assignee=full|Reporter=full|Created=mon|Due Date=none|"
           "Story Points=int", end="\n"),
    Layout("GitHub issues", "number=id|title=note|state=status|author=token|created_at=iso|closed_at=none|labels=tags|comments=int", end="\n"),
    Layout("Trello cards", "Card ID=token|Card Name=note|Card URL=url|Labels=labels|Members=full|Due Date=none|List Name=status|Last Activity Date=iso",
           encoding="utf-8-sig"),
    Layout("Asana tasks", "Task ID=longid|Created At=iso_day|Completed At=none|Name=note|Assignee=full|Assignee Email=email|Due Date=iso_day|Tags=tags", end="\n"),
    Layout("Zendesk users", "id=longid|name=full|email=email|role=status|created_at=iso|active=tf|phone=phone|notes=note", end="\n"),
    Layout("Intercom users", "user_id=uuid|email=email|name=full|phone=phone|signed_up_at=iso|sessions=int|city=city|country=country", end="\n"),
    Layout("ActiveCampaign", "ID=id|Email=email|First Name=first|Last Name=last|Phone=phone|Date Created=stamp|Tags=quotedtags|Lists=job", quotes_all=True, end="\n"),
    Layout("Sendinblue", "CONTACT ID=id|EMAIL=email|FIRSTNAME=first|LASTNAME=last|SMS=msisdn|DOUBLE_OPT-IN=yn|ADDED_TIME=dmy-", delimiter=";", encoding="utf-8-sig"),
    Layout("CleverReach", "E-Mail=email|Registriert=stamp|Aktiv=jn|Vorname=first|Nachname=last|Ort=city", delimiter=";", encoding="utf-8-sig", quotes_all=True),
    Layout("DATEV accounts", "Konto=zid|Name (Adressattyp Unternehmen)=firm|EU-Land=none|Straße=street|Postleitzahl=zip|Ort=city|E-Mail=email|"
           "Telefon=phone|Zahlungsziel=int", delimiter=";", encoding="cp1252", decimal=",",
           above=('"EXTF";700;16;"Debitoren/Kreditoren";5;20240531120000000',)),
    Layout("SAP list", "Kunde=zid|Name 1=firm|Ort=city|Land=country|Umsatz=grouped|Angelegt am=dmy.", delimiter="|", encoding="cp1252", decimal=","),
    Layout("SAP text list", "Customer=zid|Name=firm|City=city|Net value=grouped|Created on=dmy.", delimiter="\t", encoding="utf-16", decimal=",",
           above=("31.05.2024 Dynamic list display", "" )),
    Layout("Lexware customers", "Kundennummer=id|Anrede=none|Vorname=first|Nachname=last|Firma=firm|Straße=street|PLZ=zip|Ort=city|Telefon=phone|E-Mail=email",
           delimiter=";", encoding="cp1252"),
    Layout("Apple Numbers contacts", "Name=full|Telefon=phone|E-Mail=email|Geburtstag=dmy.|Notiz=note", delimiter=";", end="\n"),
    Layout("Excel for Mac", "Nom=full|Ville=city|Adresse courriel=email|Montant=money|Date=dmy/", delimiter=";", encoding="mac-roman", end="\r", decimal=","),
    Layout("Excel Unicode text", "Name=full|City=city|Joined=mdy|Amount=money|Email=email", delimiter="\t", encoding="utf-16"),
    Layout("Excel with sep", "Name=full|City=city|Joined=dmy/|Amount=money|Email=email", delimiter=";", encoding="cp1252", above=("sep=;",), decimal=","),
    Layout("PostgreSQL copy", "id=id|email=email|name=full|created_at=pg|active=t_f|balance=money", end="\n"),
    Layout("MySQL dump", "id=id|email=email|name=full|created_at=stamp|deleted_at=null|balance=money", delimiter="\t", end="\n"),
    Layout("pandas frame", "=index|name=full|score=float|when=iso_day|ok=TF", end="\n"),
    Layout("R data frame", "id=id|species=job|sepal_length=float|sepal_width=float", end="\n", quotes_all=False),
    Layout("BigQuery", "user_id=uuid|event_name=job|event_timestamp=utc|value=float", end="\n"),
    Layout("Google Analytics", "Page path=path|Views=int|Users=int|Views per user=float|Average engagement time=float", end="\n",
           above=("# ----------------------------------------", "# Pages and screens", "# Account: Acme", "# ----------------------------------------")),
    Layout("Google Ads", "Campaign=job|Status=status|Clicks=int|Impr.=grouped0|CTR=percent|Avg. CPC=money|Cost=grouped", encoding="utf-16", delimiter="\t", end="\n",
           above=("Campaign report", "May 1, 2024 - May 31, 2024")),
    Layout("Facebook leads", "id=fb|created_time=iso|ad_id=fb|campaign_name=job|form_name=job|email=email|full_name=full|phone_number=msisdn", delimiter="\t",
           encoding="utf-16", end="\n"),
    Layout("Typeform responses", "#=token|What is your name?=full|Your email?=email|How did you hear about us?=source|Rate us=int|Submit Date (UTC)=stamp", end="\n"),
    Layout("SurveyMonkey", "Respondent ID=longid|Collector ID=id|Start Date=stamp_us|End Date=stamp_us|IP Address=ip|Email Address=email|First Name=first", end="\n"),
    Layout("Google Forms", "Timestamp=stamp_us|Email Address=email|Your name=full|Team=job|Comments=note", end="\n"),
    Layout("Zoom participants", "Name (Original Name)=full|User Email=email|Join Time=stamp_us|Leave Time=stamp_us|Duration (Minutes)=int|Guest=YN", encoding="utf-8-sig"),
    Layout("Toggl time", "User=full|Email=email|Client=firm|Project=job|Description=note|Billable=yn|Start date=iso_day|Start time=clock|Duration=clock|Amount ()=money",
           encoding="utf-8-sig", end="\n"),
    Layout("Strava activities", "Activity ID=longid|Activity Date=mon_time|Activity Name=job|Activity Type=status|Elapsed Time=int|Distance=float", end="\n"),
    Layout("Spotify history", "ts=iso|username=token|ms_played=int|track=job|artist=full", end="\n"),
    Layout("Weather station", "station=zid|date=compact|temp=float|rain=float|quality=int", delimiter=";", end="\r\n"),
    Layout("World bank", "Country Name=country|Country Code=iso3|Series=job|Value=float", quotes_all=True, encoding="utf-8-sig",
           above=('"Data Source","World Development Indicators",', "", '"Last Updated Date","2024-05-30",', "")),
    Layout("Eurostat", "freq=a|geo=iso3|TIME_PERIOD=year|OBS_VALUE=float|OBS_FLAG=none", end="\r\n"),
    Layout("Census", "GEO_ID=geo_id|NAME=city|P1_001N=int|P1_002N=int", end="\n"),
    Layout("Open data, French", "identifiant=id|nom=full|adresse=street|code_postal=zip|commune=city|date_maj=iso_day|latitude=geo|longitude=geo", delimiter=";",
           encoding="utf-8-sig", end="\n"),
    Layout("Open data, Italian", "codice=id|denominazione=firm|indirizzo=street|cap=zip|comune=city|data=dmy/|importo=grouped", delimiter=";", encoding="cp1252", decimal=","),
    Layout("School list", "Nr.=int|Nachname=last|Vorname=first|Geburtsdatum=dmy.|Klasse=job|E-Mail der Eltern=email", delimiter=";", encoding="cp1252",
           above=("Klassenliste;;;;;", ";;;;;")),
    Layout("Club members", "Mitgliedsnr=zid|Nachname=last|Vorname=first|Eintritt=dmy.|Beitrag=money|Bezahlt=jn", delimiter=";", encoding="cp1252", decimal=",",
           below=("", "Stand: Mai")),
    Layout("Donations", "Date=mdy|Donor=full|Email=email|Amount=dollar|Campaign=job", below=("", "Report generated by the office")),
    Layout("Sensor", "time=utc|device=uuid|temperature=float|humidity=int", end="\n"),
    Layout("Firewall log", "timestamp=iso|src=ip|dst=ip|port=port|action=status|bytes=int", end="\n"),
    Layout("vCard converter", "FN=full|N.Family=last|N.Given=first|EMAIL;type=email|TEL=phone|ORG=firm|NOTE=note", delimiter=",", end="\n"),
    Layout("Thunderbird address book", "First Name=first|Last Name=last|Display Name=full|Nickname=none|Primary Email=email|Work Phone=phone|Organization=firm|"
           "Birth Year=year|Notes=note"),
    Layout("Yahoo contacts", "First=first|Middle=none|Last=last|Nickname=none|Email=email|Home=phone|Company=firm|Birthday=mdy", quotes_all=True, end="\n"),
)  # fmt: skip


def layouts() -> Iterator[MadeFile]:
    """Yield the layouts of programs, and those of ten regions' offices in several forms, each with its key."""
    for number, layout in enumerate(_PROGRAMS):
        yield _filled(layout, random.Random(number))
    for number, locale in enumerate(LOCALES):
        for form in range(8):
            yield _of_office(locale, form, random.Random(1_000 + number * 10 + form))


def _filled(layout: Layout, dice: random.Random) -> MadeFile:
    columns = [column.rpartition("=")[::2] for column in layout.columns.split("|")]
    style = Style(layout.delimiter, quotes_all=layout.quotes_all, end=layout.end)
    count = dice.choice([18, 30, 45])
    made = [[_value(kind, dice, at, count, layout.decimal) for _, kind in columns] for at in range(count)]
    names = tuple(name for name, _ in columns)
    lines = [line(names, style), *(line([text for text, _ in row], style) for row in made)]
    text = "".join(one + layout.end for one in [*layout.above, *lines, *layout.below])
    values: dict[int, list[Value]] = {}
    for at in range(len(columns)):
        if any(value is not None for _, value in (row[at] for row in made)):
            values[at] = [row[at][1] for row in made]
    return MadeFile(
        layout.name,
        "program",
        text.encode(layout.encoding),
        layout.encoding,
        names,
        [[text for text, _ in row] for row in made],
        values,
    )


def _of_office(locale: Locale, form: int, dice: random.Random) -> MadeFile:
    """Return people as an office of one region exports them, in one of eight forms."""
    table = people(locale, dice, dice.choice([15, 40]))
    style = Style(locale.delimiter, end="\r\n", quotes_all=form % 2 == 1, thousands=form in (2, 3))
    encoding = locale.encodings[0] if form in (0, 3) else ("utf-8", "utf-8-sig", "utf-16")[form % 3]
    if form >= 4:
        style.delimiter = ("\t", "|", locale.delimiter, ",")[form - 4]
    texts = [[written(value, locale, style) for value in row] for row in table.rows]
    lines = [line(table.names, style), *(line(cells, style) for cells in texts)]
    above = [] if form != 6 else [table.names[1], ""]
    text = "".join(one + style.end for one in [*above, *lines])
    values = {at: [row[at] for row in table.rows] for at in (0, 4, 5)}
    name = f"office {locale.name} {form}"
    return MadeFile(name, "office", text.encode(encoding), encoding, table.names, texts, values)


def _value(kind: str, dice: random.Random, at: int, count: int, decimal: str) -> tuple[str, Value]:
    """Return the text of a cell, and its value where it is a day or a number."""
    last = at == count - 1
    if kind in _DAYS:
        day = date(2024, 5, 31) if last else date(2019, 1, 1) + timedelta(days=dice.randrange(1900))
        return day.strftime(_DAYS[kind]), day
    if kind in _AMOUNTS:
        amount = Decimal("1234.56") if last else Decimal(dice.randrange(1_000, 900_000)) / 100
        return _amount(kind, amount, decimal)
    number = 0 if kind not in _COUNTS else dice.randrange(*_COUNTS[kind])
    if kind in _COUNTS:
        return str(number), Decimal(number)
    return _TEXTS[kind](dice, at) if kind in _TEXTS else _text(kind, dice, at), None


_DAYS: Final = {"ymd": "%Y-%m-%d", "iso_day": "%Y-%m-%d", "mdy": "%m/%d/%Y", "dmy.": "%d.%m.%Y", "dmy/": "%d/%m/%Y", "dmy-": "%d-%m-%Y",
                "named": "%d %b %Y", "named2": "%B %d, %Y", "mon": "%d-%b-%Y", "compact": "%Y%m%d"}  # fmt: skip
_AMOUNTS: Final = frozenset({"money", "grouped", "swiss", "spaced", "dollar"})
_COUNTS: Final = {
    "int": (1, 900),
    "id": (10_000, 999_999),
    "port": (1_024, 60_000),
    "index": (0, 1000),
    "year": (1950, 2005),
}


def _amount(kind: str, amount: Decimal, decimal: str) -> tuple[str, Value]:
    grouped = f"{amount:,.2f}"
    if kind == "swiss":
        return grouped.replace(",", "'"), amount
    if kind == "spaced":
        return grouped.replace(",", "\u00a0").replace(".", ","), amount
    if kind == "dollar":
        return f"${grouped}", amount
    text = grouped if kind == "grouped" else f"{amount:.2f}"
    return text.translate(str.maketrans(",.", ".,")) if decimal == "," else text, amount


def _text(kind: str, dice: random.Random, at: int) -> str:
    choices = _CHOICES[kind].split("|")
    return dice.choice(choices) if len(choices) > 1 or kind != "note" else f"note {at}"


_CHOICES: Final = {
    "none": "", "label": "Work|Home|Mobile", "labels": "* myContacts|* myContacts ::: Friends", "groups": "* myContacts|Friends ::: * myContacts",
    "star": "* Work|* Home", "note": '|met at the fair|calls, then writes|ask for the boss; not the clerk|wants a "quote"|two\nlines',
    "job": "Engineer|Head of Sales|Director|Consultant|Buyer", "firm": "|".join(_FIRMS), "city": "|".join(_CITIES), "country": "|".join(_COUNTRIES),
    "status": "open|closed|won|in progress", "source": "Web|Referral|Trade show", "smtp": "SMTP", "tf": "true|false", "TF": "True|False", "yn": "yes|no",
    "YN": "Yes|No", "jn": "ja|nein", "t_f": "t|f", "checked": "checked|", "tags": "red|red, blue|green, red", "quotedtags": '"VIP"|"VIP","New"|',
    "eur": "EUR|USD", "zone": "PDT|PST", "null": "NULL", "iso3": "DEU|FRA|USA|NOR|PER", "a": "A", "moneyblank": "", "path": "/|/about|/shop/item-1",
}  # fmt: skip
_TEXTS: Final[dict[str, Callable[[random.Random, int], str]]] = {
    "first": lambda dice, _: dice.choice(_FIRST), "last": lambda dice, _: dice.choice(_LAST),
    "full": lambda dice, _: f"{dice.choice(_FIRST)} {dice.choice(_LAST)}", "email": lambda dice, at: f"p{at}.{dice.randrange(99)}@example.com",
    "phone": lambda dice, _: f"+1 555 {dice.randrange(100, 999)} {dice.randrange(1000, 9999)}", "msisdn": lambda dice, _: f"+49170{dice.randrange(10**6, 10**7)}",
    "url": lambda dice, at: f"https://www.example.com/in/{at}-{dice.randrange(99)}", "street": lambda dice, _: f"{dice.randrange(1, 200)} Main St",
    "zip": lambda dice, _: f"{dice.randrange(1_000, 99_999):05}", "zid": lambda dice, _: f"{dice.randrange(1, 99_999):08}",
    "longid": lambda dice, _: str(dice.randrange(10**18, 10**19)), "sfid": lambda dice, _: f"003{dice.randrange(16**12):012X}AAQ",
    "zoho": lambda dice, _: f"zcrm_{dice.randrange(10**18, 10**19)}", "token": lambda dice, _: f"u{dice.randrange(36**6):x}_{dice.randrange(99)}",
    "uuid": lambda dice, _: f"{dice.randrange(16**8):08x}-0000-4000-8000-{dice.randrange(16**12):012x}", "sku": lambda dice, _: f"AB-{dice.randrange(99)}-X",
    "hash": lambda _, at: f"#{1000 + at}", "last4": lambda dice, _: f"0{dice.randrange(1000):03}", "iban": lambda dice, _: f"DE{dice.randrange(10**19, 10**20)}",
    "bic": lambda dice, _: f"COBADE{dice.choice(['FF', 'HH'])}XXX", "amazon": lambda dice, _: f"{dice.randrange(100, 999)}-{dice.randrange(10**6, 10**7)}-{dice.randrange(10**6, 10**7)}",
    "jira": lambda _, at: f"ABC-{at + 1}", "fb": lambda dice, _: f"l:{dice.randrange(10**14, 10**15)}", "ip": lambda dice, _: f"10.{dice.randrange(255)}.{dice.randrange(255)}.7",
    "geo_id": lambda _, at: f"1400000US{at:05}", "clock": lambda dice, _: f"{dice.randrange(10, 23)}:{dice.randrange(10, 59)}:{dice.randrange(10, 59)}",
    "stamp": lambda dice, at: f"2024-05-{at % 28 + 1:02} {dice.randrange(10, 23)}:{dice.randrange(10, 59)}:00",
    "pg": lambda dice, at: f"2024-05-{at % 28 + 1:02} {dice.randrange(10, 23)}:{dice.randrange(10, 59)}:00.123456+00",
    "iso": lambda dice, at: f"2024-05-{at % 28 + 1:02}T{dice.randrange(10, 23)}:{dice.randrange(10, 59)}:00Z", "utc": lambda dice, at: f"2024-05-{at % 28 + 1:02} {dice.randrange(10, 23)}:11:12 UTC",
    "stamp_us": lambda dice, at: f"05/{at % 28 + 1:02}/2024 {dice.randrange(1, 12)}:{dice.randrange(10, 59)}:00 PM", "mon_time": lambda dice, at: f"May {at % 28 + 1}, 2024, {dice.randrange(1, 12)}:10:05 AM",
    "geo": lambda dice, _: f"{dice.randrange(-80, 80)}.{dice.randrange(10**5, 10**6)}", "float": lambda dice, _: f"{dice.randrange(100)}.{dice.randrange(10, 99)}",
    "percent": lambda dice, _: f"{dice.randrange(1, 9)}.{dice.randrange(10, 99)}%", "grouped0": lambda dice, at: f"{dice.randrange(1000, 9_999_999) if at else 1_234_567:,}",
}  # fmt: skip
