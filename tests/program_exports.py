"""Exports of people as five programs write them: every column of each, made people, and the usual blanks and labels."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

PEOPLE: Final = 36


def _names(text: str) -> list[str]:
    """Return names that stand in one text, so that a header reads like one."""
    return text.split(",")


_FIRST: Final = _names("Ada,Bo,Cleo,Dag,Eva,Finn,Gül,Hans,Inès,Jon,Kaja,Léo,Mia,Nils,Ola,Pia,Qiu,Rosa,Sven,Tove")
_LAST: Final = _names("Lovelace,Berg,Núñez,Dubois,Eriksson,Fischer,Öztürk,Hansen,O'Neil,Smith-Jones,Kowalska,Wang")
_FIRMS: Final = ("Analytical Ltd", "Berg & Sons, Inc.", "Café Zürich GmbH", "Delta", 'The "Echo" Company')
_JOBS: Final = ("Analyst", "VP, Sales", "Engineer", "Head of R&D", "Owner")
_TOWNS: Final = (
    ("London", "", "N1 9GU", "United Kingdom"), ("Springfield", "IL", "62701", "United States"),
    ("Boston", "MA", "02108", "United States"), ("Zürich", "ZH", "8001", "Switzerland"),
)  # fmt: skip


def _numbered(names: str, groups: str) -> list[str]:
    """Return names in which each group such as ``E-mail 2:Label,Value`` stands for its columns."""
    found = names.split(",")
    for group in groups.split(";"):
        what, _, parts = group.partition(":")
        found += [f"{what} - {part}" for part in parts.split(",")]
    return found


GOOGLE_COLUMNS: Final = _numbered(
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,"
    "Name Suffix,Nickname,File As,Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,"
    "Labels",
    "E-mail 1:Label,Value;E-mail 2:Label,Value;Phone 1:Label,Value;Phone 2:Label,Value;Address 1:Label,Formatted,"
    "Street,City,PO Box,Region,Postal Code,Country,Extended Address;Relation 1:Label,Value;Website 1:Label,Value;"
    "Event 1:Label,Value;Custom Field 1:Label,Value",
)
GOOGLE_OLD_COLUMNS: Final = _numbered(
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,"
    "Name Prefix,Name Suffix,Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,Billing Information,"
    "Directory Server,Mileage,Occupation,Hobby,Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership",
    "E-mail 1:Type,Value;E-mail 2:Type,Value;Phone 1:Type,Value;Phone 2:Type,Value;Address 1:Type,Formatted,Street,"
    "City,PO Box,Region,Postal Code,Country,Extended Address;Organization 1:Type,Name,Yomi Name,Title,Department,"
    "Symbol,Location,Job Description;Website 1:Type,Value",
)
OUTLOOK_COLUMNS: Final = _names(
    "Title,First Name,Middle Name,Last Name,Suffix,Company,Department,Job Title,Business Street,"
    "Business Street 2,Business Street 3,Business City,Business State,Business Postal Code,"
    "Business Country/Region,Home Street,Home Street 2,Home Street 3,Home City,Home State,Home Postal Code,"
    "Home Country/Region,Other Street,Other Street 2,Other Street 3,Other City,Other State,Other Postal Code,"
    "Other Country/Region,Assistant's Phone,Business Fax,Business Phone,Business Phone 2,Callback,Car Phone,"
    "Company Main Phone,Home Fax,Home Phone,Home Phone 2,ISDN,Mobile Phone,Other Fax,Other Phone,Pager,"
    "Primary Phone,Radio Phone,TTY/TDD Phone,Telex,Account,Anniversary,Assistant's Name,Billing Information,"
    "Birthday,Business Address PO Box,Categories,Children,Directory Server,E-mail Address,E-mail Type,"
    "E-mail Display Name,E-mail 2 Address,E-mail 2 Type,E-mail 2 Display Name,E-mail 3 Address,E-mail 3 Type,"
    "E-mail 3 Display Name,Gender,Government ID Number,Hobby,Home Address PO Box,Initials,Internet Free Busy,"
    "Keywords,Language,Location,Manager's Name,Mileage,Notes,Office Location,Organizational ID Number,"
    "Other Address PO Box,Priority,Private,Profession,Referred By,Sensitivity,Spouse,User 1,User 2,User 3,User 4,"
    "Web Page"
)
OUTLOOK_COM_COLUMNS: Final = _names(
    "First Name,Middle Name,Last Name,Title,Suffix,Nickname,Given Yomi,Surname Yomi,E-mail Address,"
    "E-mail 2 Address,E-mail 3 Address,Home Phone,Home Phone 2,Business Phone,Business Phone 2,Mobile Phone,"
    "Car Phone,Other Phone,Primary Phone,Pager,Business Fax,Home Fax,Other Fax,Company Main Phone,Callback,"
    "Radio Phone,Telex,TTY/TDD Phone,IMAddress,Job Title,Department,Company,Office Location,Manager's Name,"
    "Assistant's Name,Assistant's Phone,Company Yomi,Business Street,Business City,Business State,"
    "Business Postal Code,Business Country/Region,Home Street,Home City,Home State,Home Postal Code,"
    "Home Country/Region,Other Street,Other City,Other State,Other Postal Code,Other Country/Region,"
    "Personal Web Page,Spouse,Schools,Hobby,Location,Web Page,Birthday,Anniversary,Notes"
)
LINKEDIN_COLUMNS: Final = ["First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On"]
_LINKEDIN_NOTE: Final = (
    'Notes:\r\n"When exporting your connection data, you may notice that some of the email addresses are missing. You '
    "will only see email addresses for connections who have allowed their connections to see or download their email "
    'address using this setting https://www.linkedin.com/psettings/privacy/email."\r\n\r\n'
)
HUBSPOT_COLUMNS: Final = _names(
    "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Associated Company,"
    "Associated Company IDs,Company Name,Job Title,Last Activity Date,Lead Status,Lifecycle Stage,"
    "Marketing contact status,Create Date,Last Modified Date,Original Source,Original Source Drill-Down 1,"
    "Number of Pageviews,Number of Sessions,Unsubscribed from all email,Email Domain,City,State/Region,"
    "Postal Code,Country/Region,Website URL,LinkedIn URL,Twitter Username,Time Zone,Became a Lead Date,"
    "Close Date,Recent Deal Amount,Persona,Favourite Tea"
)
SALESFORCE_COLUMNS: Final = _names(
    "Salutation,First Name,Last Name,Title,Account Name,Mailing Street,Mailing City,Mailing State/Province,"
    "Mailing Zip/Postal Code,Mailing Country,Phone,Fax,Mobile,Email,Account Owner,Contact ID,Lead Source,"
    "Birthdate,Department,Description,Email Opt Out,Do Not Call,Created Date,Last Modified Date,Last Activity,"
    "Region"
)
SALESFORCE_DATA_COLUMNS: Final = _names(
    "Id,IsDeleted,MasterRecordId,AccountId,LastName,FirstName,Salutation,Name,OtherStreet,OtherCity,OtherState,"
    "OtherPostalCode,OtherCountry,OtherLatitude,OtherLongitude,MailingStreet,MailingCity,MailingState,"
    "MailingPostalCode,MailingCountry,MailingLatitude,MailingLongitude,Phone,Fax,MobilePhone,HomePhone,"
    "OtherPhone,AssistantPhone,ReportsToId,Email,Title,Department,AssistantName,LeadSource,Birthdate,Description,"
    "OwnerId,HasOptedOutOfEmail,HasOptedOutOfFax,DoNotCall,CreatedDate,CreatedById,LastModifiedDate,"
    "LastModifiedById,SystemModstamp,LastActivityDate,LastCURequestDate,LastCUUpdateDate,EmailBouncedReason,"
    "EmailBouncedDate,Jigsaw,Favourite_Tea__c"
)


class Person:
    """A made person; what a program does not know of somebody is blank, as in real exports.

    Args:
        number: From 0; the same number is the same person in every export.
    """

    def __init__(self, number: int) -> None:
        chance = random.Random(f"person {number}")
        self.number = number
        self.first, self.last = chance.choice(_FIRST), chance.choice(_LAST)
        self.full = f"{self.first} {self.last}"
        self.email = f"p{number}@example.org"
        self.second_email = f"p{number}@home.example" if chance.random() < 0.3 else ""
        self.phone = f"+44 20 7946 {number:04}"
        self.mobile = f"+1 (415) 555-{number:04}" if chance.random() < 0.5 else ""
        self.firm, self.job = chance.choice(_FIRMS), chance.choice(_JOBS)
        self.town, self.state, self.postcode, self.country = chance.choice(_TOWNS)
        self.street = f"{number + 1} Main St"
        known = chance.random() < 0.6
        self.born = date(1950, 1, 1) + timedelta(chance.randrange(18_000)) if known else None
        self.met = date(2015, 1, 1) + timedelta(chance.randrange(3_000))
        self.note = "likes tea,\nand engines" if number % 5 == 0 else ""
        self.group = chance.choice(("Friends", "Work", ""))
        self.salutation = chance.choice(("Ms.", "Mr.", "Dr.", ""))


def people() -> Iterator[Person]:
    """Yield the people of each export."""
    return map(Person, range(PEOPLE))


def _google(one: Person) -> dict[str, str]:
    labels = " ::: ".join(filter(None, [one.group, "* myContacts"]))
    return {
        "First Name": one.first, "Last Name": one.last, "Name Prefix": one.salutation, "Organization Name": one.firm,
        "Organization Title": one.job, "Birthday": one.born.isoformat() if one.born else "", "Notes": one.note,
        "Labels": labels, "E-mail 1 - Label": "* Work", "E-mail 1 - Value": one.email,
        "E-mail 2 - Label": "Home" if one.second_email else "", "E-mail 2 - Value": one.second_email,
        "Phone 1 - Label": "Mobile" if one.number % 2 else "Work", "Phone 1 - Value": one.phone,
        "Phone 2 - Label": "Main" if one.mobile else "", "Phone 2 - Value": one.mobile,
        "Address 1 - Label": "Home",
        "Address 1 - Formatted": f"{one.street}\n{one.town}, {one.postcode}\n{one.country}",
        "Address 1 - Street": one.street, "Address 1 - City": one.town, "Address 1 - Region": one.state,
        "Address 1 - Postal Code": one.postcode, "Address 1 - Country": one.country,
        "Website 1 - Label": "Profile" if one.number % 3 == 0 else "",
        "Website 1 - Value": f"http://example.org/p{one.number}" if one.number % 3 == 0 else "",
    }  # fmt: skip


def _google_old(one: Person) -> dict[str, str]:
    new = _google(one)
    named = {name.replace("Label", "Type"): text for name, text in new.items() if " - " in name}
    return {
        **named, "Name": one.full, "Given Name": one.first, "Family Name": one.last, "Name Prefix": one.salutation,
        "Birthday": new["Birthday"], "Notes": one.note, "Group Membership": new["Labels"],
        "Organization 1 - Name": one.firm, "Organization 1 - Title": one.job,
    }  # fmt: skip


def _outlook(one: Person) -> dict[str, str]:
    return {
        "Title": one.salutation, "First Name": one.first, "Last Name": one.last, "Company": one.firm,
        "Department": "Research" if one.number % 2 else "Sales", "Job Title": one.job, "Business Street": one.street,
        "Business City": one.town, "Business State": one.state, "Business Postal Code": one.postcode,
        "Business Country/Region": one.country, "Business Phone": one.phone, "Mobile Phone": one.mobile,
        "Anniversary": "0/0/00", "Birthday": f"{one.born:%-m/%-d/%Y}" if one.born else "0/0/00",
        "Categories": one.group, "E-mail Address": one.email, "E-mail Type": "SMTP",
        "E-mail Display Name": f"{one.full} ({one.email})", "E-mail 2 Address": one.second_email,
        "E-mail 2 Type": "SMTP" if one.second_email else "",
        "E-mail 2 Display Name": f"{one.full} ({one.second_email})" if one.second_email else "",
        "Gender": "Unspecified", "Initials": f"{one.first[0]}.{one.last[0]}.", "Notes": one.note, "Priority": "Normal",
        "Private": "False", "Sensitivity": "Normal", "Web Page": "http://example.org" if one.number % 3 == 0 else "",
    }  # fmt: skip


def _outlook_com(one: Person) -> dict[str, str]:
    born = one.born.isoformat() if one.born else ""
    return {**_outlook(one), "Anniversary": "", "Birthday": born, "Nickname": one.first[:2]}


def _linkedin(one: Person) -> dict[str, str]:
    return {
        "First Name": one.first, "Last Name": one.last, "URL": f"https://www.linkedin.com/in/p{one.number}",
        "Email Address": one.email if one.number % 4 == 0 else "", "Company": one.firm, "Position": one.job,
        "Connected On": f"{one.met:%d %b %Y}",
    }  # fmt: skip


def _hubspot(one: Person) -> dict[str, str]:
    return {
        "Record ID": str(51 + one.number), "First Name": one.first, "Last Name": one.last, "Email": one.email,
        "Phone Number": one.phone, "Mobile Phone Number": one.mobile, "Contact owner": "Bo Berg",
        "Associated Company": one.firm, "Associated Company IDs": str(9_007_199_254 + one.number),
        "Company Name": one.firm, "Job Title": one.job, "Last Activity Date": f"{one.met} 13:05",
        "Lead Status": ("New", "In Progress", "")[one.number % 3],
        "Lifecycle Stage": ("Lead", "Customer")[one.number % 2],
        "Marketing contact status": "Marketing contact", "Create Date": f"{one.met} 08:30",
        "Last Modified Date": f"{one.met} 18:00",
        "Original Source": ("Offline Sources", "Direct Traffic")[one.number % 2],
        "Original Source Drill-Down 1": "CRM_UI", "Number of Pageviews": str(one.number), "Number of Sessions": "1",
        "Unsubscribed from all email": ("false", "true", "")[one.number % 3], "Email Domain": "example.org",
        "City": one.town, "State/Region": one.state, "Postal Code": one.postcode, "Country/Region": one.country,
        "Website URL": "http://example.org", "LinkedIn URL": f"https://www.linkedin.com/in/p{one.number}",
        "Time Zone": "america_slash_new_york" if one.number % 2 else "", "Became a Lead Date": f"{one.met} 09:00",
        "Recent Deal Amount": "1200.5" if one.number % 4 == 0 else "", "Favourite Tea": ("Assam", "")[one.number % 2],
    }  # fmt: skip


def _salesforce(one: Person) -> dict[str, str]:
    return {
        "Salutation": one.salutation, "First Name": one.first, "Last Name": one.last, "Title": one.job,
        "Account Name": one.firm, "Mailing Street": one.street, "Mailing City": one.town,
        "Mailing State/Province": one.state, "Mailing Zip/Postal Code": one.postcode, "Mailing Country": one.country,
        "Phone": one.phone, "Fax": "", "Mobile": one.mobile, "Email": one.email, "Account Owner": "Bo Berg",
        "Contact ID": f"0035g00000{one.number:04}AE", "Lead Source": ("Web", "Phone Inquiry", "")[one.number % 3],
        "Birthdate": f"{one.born:%-m/%-d/%Y}" if one.born else "", "Department": ("Research", "Sales")[one.number % 2],
        "Description": one.note, "Email Opt Out": "0", "Do Not Call": "0", "Created Date": f"{one.met:%-m/%-d/%Y}",
        "Last Modified Date": f"{one.met:%-m/%-d/%Y}", "Last Activity": "", "Region": ("EMEA", "AMER")[one.number % 2],
    }  # fmt: skip


def _salesforce_data(one: Person) -> dict[str, str]:
    stamp = f"{one.met}T08:30:00.000Z"
    return {
        "Id": f"0035g00000{one.number:04}AEAA", "IsDeleted": "false", "AccountId": f"0015g00000{one.number:04}AEAA",
        "LastName": one.last, "FirstName": one.first, "Salutation": one.salutation, "Name": one.full,
        "MailingStreet": one.street, "MailingCity": one.town, "MailingState": one.state,
        "MailingPostalCode": one.postcode, "MailingCountry": one.country, "Phone": one.phone, "MobilePhone": one.mobile,
        "Email": one.email, "Title": one.job, "Department": ("Research", "Sales")[one.number % 2],
        "LeadSource": ("Web", "Phone Inquiry", "")[one.number % 3],
        "Birthdate": one.born.isoformat() if one.born else "", "Description": one.note,
        "OwnerId": "0055g00000AAAAAAA0", "HasOptedOutOfEmail": "false", "HasOptedOutOfFax": "false",
        "DoNotCall": "false", "CreatedDate": stamp, "CreatedById": "0055g00000AAAAAAA0", "LastModifiedDate": stamp,
        "LastModifiedById": "0055g00000AAAAAAA0", "SystemModstamp": stamp, "LastActivityDate": one.met.isoformat(),
        "Jigsaw": "", "Favourite_Tea__c": ("Assam", "")[one.number % 2],
    }  # fmt: skip


def _written(
    columns: list[str], row: Callable[[Person], Mapping[str, str]], *, quoting: int = csv.QUOTE_MINIMAL
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, lineterminator="\r\n")  # type: ignore[arg-type]
    writer.writerow(columns)
    for one in people():
        cells = row(one)
        assert cells.keys() <= set(columns), cells.keys() - set(columns)
        writer.writerow([cells.get(name, "") for name in columns])
    return text.getvalue()


_SALESFORCE_FOOTER: Final = (
    '\r\n\r\n\r\n"New Contacts Report"\r\n"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."\r\n'
    '"Confidential Information - Do Not Distribute"\r\n"Generated By:  Bo Berg  1/31/2026 3:04 PM"\r\n"Acme"\r\n'
)

_COLUMNS: Final[Mapping[str, tuple[list[str], Callable[[Person], Mapping[str, str]]]]] = {
    "google": (GOOGLE_COLUMNS, _google),
    "google_older": (GOOGLE_OLD_COLUMNS, _google_old),
    "outlook": (OUTLOOK_COLUMNS, _outlook),
    "outlook_com": (OUTLOOK_COM_COLUMNS, lambda one: _within(_outlook_com(one), OUTLOOK_COM_COLUMNS)),
    "linkedin": (LINKEDIN_COLUMNS, _linkedin),
    "hubspot": (HUBSPOT_COLUMNS, _hubspot),
    "salesforce_report": (SALESFORCE_COLUMNS, _salesforce),
    "salesforce_data": (SALESFORCE_DATA_COLUMNS, _salesforce_data),
}
EXPORTS: Final = tuple(_COLUMNS)


def _within(cells: Mapping[str, str], columns: list[str]) -> dict[str, str]:
    return {name: text for name, text in cells.items() if name in columns}


def cells_of_export(name: str) -> list[dict[str, str]]:
    """Return the rows of an export by the names of its columns.

    Args:
        name: One of :data:`EXPORTS`.
    """
    columns, row = _COLUMNS[name]
    return [{**dict.fromkeys(columns, ""), **row(one)} for one in people()]


def export_bytes(name: str) -> bytes:
    """Return an export as its program writes it.

    Args:
        name: One of :data:`EXPORTS`.
    """
    columns, row = _COLUMNS[name]
    quoting = csv.QUOTE_ALL if name.startswith(("hubspot", "salesforce", "outlook")) else csv.QUOTE_MINIMAL
    text = _written(columns, row, quoting=quoting)
    if name == "linkedin":
        text = _LINKEDIN_NOTE + text
    if name == "salesforce_report":
        text += _SALESFORCE_FOOTER
    encoding = {"outlook": "cp1252", "outlook_com": "utf-8-sig"}.get(name, "utf-8")
    return text.encode(encoding, errors="strict" if name != "outlook" else "replace")
