"""Frequent words with letters beyond ASCII: bytes that give one of them are hardly ever meant otherwise."""

from __future__ import annotations

from typing import Final

from prismd.core.tables.columns.month_names import MONTHS
from prismd.core.tables.columns.words import ALL_BOOLEAN_WORDS
from prismd.core.tables.layout.header_words import HEADER_WORDS

_NAMES: Final = """
josé maría jesús andré françois rené jérôme zoë chloé chloë jürgen jörg günther björn sören müller schröder köln
münchen zürich düsseldorf nürnberg österreich größe straße weiß groß québec montréal são curaçao réunion côte åland
méxico españa perú panamá málaga bogotá medellín córdoba león muñoz núñez garcía pérez lópez gómez sánchez martínez
rodríguez hernández fernández gonzález díaz ramírez álvarez jiménez ibáñez ángel inés lucía sofía raúl joão antónio
conceição gonçalves brasília goiânia belém florianópolis hélène zoé noël benoît gaëlle stéphane frédéric valérie cécile
sébastien grégory genève nîmes besançon orléans saint-étienne forêt château hôtel société développement général générale
łódź kraków gdańsk poznań wrocław łukasz paweł józef małgorzata wójcik wiśniewski dąbrowski zieliński kowalczyk praha
plzeň dvořák novák černý jiří tomáš košice győr székesfehérvár kovács szűcs tóth nagy malmö göteborg åsa jönsson
sjöström københavn århus aarhus søren jørgen bjørn tromsø ålesund türkiye i̇stanbul doğan yılmaz şahin çelik özgür öztürk
señor señora año niño compañía dirección información administración número teléfono código día información
größer für über können möglich gmbh geschäft geschäftlich büro königsstraße umsatz umsätze begünstigter empfänger
auftraggeber buchungstag libellé débit crédit intitulé opération opérations relevé téléchargement période bénéficiaire
""".split()  # noqa: SIM905 - a list of words reads best as words

KNOWN_WORDS: Final = frozenset(
    word.casefold()
    for words in (_NAMES, HEADER_WORDS, MONTHS, ALL_BOOLEAN_WORDS)
    for word in words
    if not word.isascii() and len(word) > len("año") - 1
)
