"""Words that stand in the names of columns, in a dozen languages, by which a header shows itself."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = """
name names first last middle given family full surname forename nickname prefix suffix title salutation gender sex
date day month year time born birthday birth birthdate dob created updated modified since start end due closed added
email mail e-mail phone telephone tel mobile cell fax website web url domain link homepage
address street city town zip postal postcode state province region county country location place lat latitude lon lng
longitude company organization organisation account employer department job role position owner contact customer client
user username login id uuid key code no nr num number ref reference sku isbn ean iban vat
amount price cost value total sum quantity qty count rate percent balance budget revenue salary currency unit units
status stage type category group class kind tag tags label labels note notes comment comments description remark
subject message language lang source industry size age height weight color colour brand product item order invoice
active enabled verified subscribed opt score rank party district order_id gdp population area temperature

vorname nachname familienname name anrede titel geburtsdatum geburtstag datum tag monat jahr uhrzeit telefon mobil
handy mail webseite adresse strasse straße hausnummer plz postleitzahl ort stadt land bundesland firma unternehmen
abteilung beruf funktion kunde kundennummer nummer kennung betrag preis summe menge anzahl währung waehrung wert umsatz
status art typ kategorie gruppe bemerkung bemerkungen notiz notizen beschreibung sprache aktiv artikel rechnung
ansprechpartner geschlecht einheit gesamt gehalt erstellt geändert bezeichnung

nom prénom prenom nom_de_famille civilité civilite titre naissance téléphone telephone portable courriel adresse rue
ville pays région region département departement code_postal cp société societe entreprise poste fonction client
numéro numero montant prix quantité quantite total devise statut catégorie categorie groupe remarque remarques
commentaire langue actif date mois année annee heure sexe

nombre apellido apellidos segundo tratamiento título titulo nacimiento fecha día dia mes año ano hora teléfono
telefono móvil movil correo electrónico electronico dirección direccion calle ciudad país pais provincia estado
empresa compañía cargo puesto cliente número importe precio cantidad moneda tipo categoría categoria grupo nota notas
observaciones descripción descripcion idioma activo código codigo

nome cognome titolo nascita data giorno mese anno ora telefono cellulare indirizzo via città citta cap provincia paese
nazione azienda società ruolo cliente codice importo prezzo quantità quantita valuta stato tipo categoria gruppo note
descrizione lingua attivo numero

sobrenome apelido nascimento telemóvel telemovel celular endereço endereco morada rua cidade cep estado país empresa
cargo função cliente número valor preço preco quantidade moeda situação tipo categoria grupo observações descrição
idioma ativo código

naam voornaam achternaam tussenvoegsel geboortedatum datum dag maand jaar tijd telefoon mobiel adres straat postcode
plaats stad land bedrijf functie klant nummer bedrag prijs aantal valuta status soort categorie groep opmerking
opmerkingen omschrijving taal actief

imię imie nazwisko data urodzenia telefon komórka adres ulica miasto kraj województwo kod pocztowy firma stanowisko
klient numer kwota cena ilość ilosc waluta stan typ kategoria grupa uwagi opis język aktywny

jméno jmeno příjmení prijmeni datum narození telefon mobil adresa ulice město mesto psč psc země zeme firma pozice
zákazník číslo cislo částka cena množství měna stav typ kategorie skupina poznámka popis jazyk

förnamn efternamn namn födelsedatum datum telefon mobil adress gata stad ort postnummer land företag befattning kund
nummer belopp pris antal valuta status typ kategori grupp anteckning beskrivning språk
fornavn etternavn efternavn navn fødselsdato telefon adresse by postnr postnummer land firma stilling kunde nummer beløb
pris antall antal valuta type gruppe notat beskrivelse
etunimi sukunimi nimi syntymäaika puhelin osoite katu kaupunki postinumero maa yritys asiakas numero hinta määrä

ad adı soyad soyadı doğum tarihi tarih telefon adres sokak şehir ilçe il ülke şirket unvan müşteri numara tutar fiyat
miktar durum tür kategori grup not açıklama dil
név vezetéknév keresztnév születési dátum telefon cím utca város ország cég ügyfél szám összeg ár mennyiség
prenume nume oraș adresă țară

имя фамилия отчество дата рождения телефон адрес улица город страна регион индекс компания организация должность
клиент номер код сумма цена количество валюта статус тип категория группа примечание комментарий описание язык почта
ім'я прізвище місто країна адреса телефон

όνομα επώνυμο ημερομηνία τηλέφωνο διεύθυνση πόλη χώρα εταιρεία
名前 氏名 姓 名 メール メールアドレス 電話 電話番号
住所 都道府県 市区町村 郵便番号 会社 会社名 部署 役職 生年月日 日付 金額 価格 数量
備考 都市 番号
姓名 名字 电子邮件 邮箱 邮件 手机 地址 城市 国家 公司
职位 日期 出生日期 金额 价格
数量 备注 编号 電子郵件 地址 國家 公司 日期 類型 电话
이름 성명 이메일 전화 전화번호 휴대폰 주소 도시 국가 회사 직책 생년월일 날짜 금액 가격 수량 비고
""".split()  # noqa: SIM905 - a list of words reads best as words
HEADER_WORDS: Final = frozenset(word.casefold() for word in _WORDS)

_PARTS: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Names as programs write them: first_name, firstName, person.name.
_PROGRAMMED: Final = re.compile(r"[a-z][a-z0-9]*(?:[_.][a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+|[A-Z]+(?:_[A-Z0-9]+)+")
_NAME_CHARS_MAX: Final = 60
_SHORT_WORDS_MAX: Final = 5
#: Shorter words, such as "of" and "de", stand between others.
_LONG: Final = 4


def is_name(cell: str) -> bool:
    """Return whether a cell is the name of a column, by each of its words.

    Args:
        cell: The text of a cell.
    """
    text = cell.strip()
    if not text or len(text) > _NAME_CHARS_MAX:
        return False
    if _PROGRAMMED.fullmatch(text):
        return True
    words = [word.casefold() for word in _PARTS.findall(_CAMEL.sub(" ", text))]
    known = [word for word in words if word in HEADER_WORDS]
    others = [word for word in words if word not in HEADER_WORDS and len(word) >= _LONG]
    return bool(known) and not others and len(words) <= _SHORT_WORDS_MAX


#: Words that begin a row of totals.
TOTAL_WORDS: Final = frozenset(
    """total totals sum subtotal grand summe gesamt gesamtsumme zwischensumme insgesamt somme totale totaal som suma
    razem celkem součet summa totalt yhteensä toplam összesen итого всего всього разом σύνολο 合計 总计 總計 合计 합계
    average mean durchschnitt moyenne promedio media""".split()  # noqa: SIM905 - as above
)
