"""Cells of codes: what is no code of the column's kind is left out, and what stands beside a code is taken off."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from cpticd import reference
from cpticd.loaders.cell import LOST, Cell, bare, left_out, lost, normal

_ZEROS: Final = "leading zeros were put back"
_POINT: Final = "a number's .0 was dropped"
#: CPT and HCPCS codes as they stand in a text; alone, five characters that end with a digit are one, too (HIPPS).
_PROCEDURE: Final = "[0-9]{5}|[0-9]{4}[A-Z]|[A-Z][0-9]{4}"
#: What is written before a procedure code: qualifiers of SVC01, and the name of the code set.
_BEFORE: Final = "(?:(?:HC|HP|IV|ER|WK|CPT-?4?|HCPCS|PROCEDURE|PROC|CODE)[^A-Z0-9]*)*"
#: Modifiers alone behind a code, and modifiers before words.
_MODIFIED: Final = f"{_BEFORE}({_PROCEDURE})((?:[^A-Z0-9]{{1,3}}[A-Z0-9]{{2}}){{0,8}})[^A-Z0-9]*"
_WORDED: Final = f"{_BEFORE}({_PROCEDURE})((?:[-:^|>/,.][A-Z0-9]{{2}})*)(?:[^A-Z0-9].*)?"
_NAMED: Final = rf"[^0-9]*[(\[]({_PROCEDURE})[)\]]"
#: CPT codes that lose leading zeros are those of anesthesia, 00100 to 01999.
_SHORT: Final = "(?:[1-9][0-9]{2}|1[0-9]{3})(?:[.]0+)?"

#: ICD-10-CM and ICD-9-CM in normal form, and with their dot.
DIAGNOSIS: Final = "[A-TV-Z][0-9A][0-9AB][0-9A-Z]{0,4}|U[0-9]{2}[0-9A-Z]{0,4}|[0-9]{3,5}|E[0-9]{3,4}"
_DOTTED: Final = (
    "[A-Z][0-9A][0-9AB](?:[.]?[0-9A-Z]{1,4})?|[0-9]{3}(?:[.]?[0-9]{1,2})?|E[0-9]{3}(?:[.]?[0-9])?"
)
_QUALIFIER: Final = "(?:(?:A?BK|A?BF|A?BJ|A?PR|ICD-?(?:10|0?9)?(?:-?CM)?|DX)[^A-Z0-9]+)?"


def procedure(x: str) -> Cell:
    """CPT and HCPCS codes: ``100`` is 00100 (anesthesia), ``99213-25``, ``HC:99213:25`` and ``99213/25`` have a
    modifier, ``99213 - seen at desk`` has words; two codes in a cell are none."""
    up = f"upper({x})"
    alone = f"(length({x}) = 5 AND regexp_full_match({x}, '[0-9A-Za-z]{{4}}[0-9]|[0-9]{{4}}[A-Za-z]'))"
    short = f"regexp_full_match({x}, '{_SHORT}')"
    point = f"regexp_full_match({x}, '[0-9]{{3,5}}[.]0+')"
    several = _several(x)
    modified, worded, named = (
        f"regexp_full_match({up}, '{pattern}')" for pattern in (_MODIFIED, _WORDED, _NAMED)
    )
    found = (
        f"CASE WHEN {worded} THEN regexp_extract({up}, '^{_BEFORE}({_PROCEDURE})', 1) "
        f"WHEN {named} THEN regexp_extract({up}, '{_NAMED}', 1) END"
    )
    value = (
        f"CASE WHEN {alone} THEN {up} WHEN {short} OR {point} THEN lpad(split_part({x}, '.', 1), 5, '0') "
        f"WHEN {several} THEN NULL ELSE {found} END"
    )
    other = f"(NOT {alone} AND NOT {short} AND NOT {point} AND NOT {several}"
    with_modifiers = f"len({modifiers_behind(x)}) > 0"
    return Cell(
        value,
        lost(x),
        LOST,
        {
            _ZEROS: f"(NOT {alone} AND {short})",
            _POINT: f"(NOT {alone} AND {point})",
            "a modifier was taken off the procedure code": f"{other} AND {worded} AND {with_modifiers})",
            "words or a qualifier beside the procedure code were dropped": (
                f"{other} AND ({worded} OR {named}) AND NOT ({modified} AND NOT regexp_full_match({up}, "
                "'(?:HC|HP|IV|ER|WK|CPT|PROC|CODE)[^A-Z0-9]*[0-9A-Z]{5}.*')))"
            ),
            "several procedure codes in one cell: none was read": f"(NOT {alone} AND {several})",
            left_out(
                "a procedure code"
            ): f"{other} AND NOT coalesce({worded} OR {named}, false) AND NOT {lost(x)})",
        },
        "[0-9A-Z]{4}[0-9]|[0-9]{4}[A-Z]",
    )


def _several(x: str) -> str:
    codes = rf"regexp_extract_all(upper({x}), '\b(?:{_PROCEDURE})\b')"
    return f"(length({x}) > 9 AND len({codes}) > 1)"


def modifiers_behind(x: str) -> str:
    """SQL of the list of modifiers that stand behind a procedure code in its cell."""
    up = f"upper({x})"
    behind = f"coalesce(nullif(regexp_extract({up}, '^{_MODIFIED}$', 2), ''), regexp_extract({up}, '^{_WORDED}$', 2))"
    return (
        f"(CASE WHEN length({x}) > 7 AND NOT {_several(x)} THEN regexp_extract_all({behind}, '[A-Z0-9]{{2}}') "
        "ELSE CAST([] AS VARCHAR[]) END)"
    )


#: Modifiers apart by anything, or in pairs without anything between: words are none.
_MODIFIERS: Final = "[A-Z0-9]{2}(?:[^A-Z0-9]+[A-Z0-9]{2})*[^A-Z0-9]*"
_PAIRED: Final = "(?:[0-9][0-9A-Z]|[A-Z][0-9]|[A-Z]{2})(?:[0-9]{2}|[A-Z][0-9]|[0-9][A-Z]){1,3}"


def modifiers(x: str) -> Cell:
    """A list of the modifiers in a cell: ``25,59``, ``25 59``, ``2559``, ``25 - separate visit``, one digit padded."""
    up = f"upper({bare(x)})"
    one = f"regexp_full_match({up}, '[0-9]')"
    some = f"(regexp_full_match({up}, '{_MODIFIERS}') OR regexp_full_match({up}, '{_PAIRED}'))"
    worded = rf"regexp_full_match({up}, '[A-Z0-9]{{2}} *[-:(].*')"
    value = (
        f"CASE WHEN {one} THEN ['0' || {up}] WHEN {some} THEN regexp_extract_all({up}, '[A-Z0-9]{{2}}') "
        f"WHEN {worded} THEN [left({up}, 2)] ELSE CAST([] AS VARCHAR[]) END"
    )
    return Cell(
        value,
        lost(x),
        LOST,
        {
            _ZEROS: one,
            "words behind the modifier were dropped": f"(NOT {some} AND {worded})",
            left_out("a modifier"): f"({x} IS NOT NULL AND NOT {one} AND NOT {some} AND NOT {worded})",
        },
        "[0-9A-Z]{2}",
    )


def modifier(x: str) -> Cell:
    """The first modifier of a cell."""
    read = modifiers(x)
    return Cell(f"({read.value})[1]", read.bad, read.why, read.repairs, read.plain)


def coded(x: str, shape: str, what: str, *, width: int = 0, digits: str = "") -> Cell:
    """Codes of a ``shape`` (a regular expression in capitals): alone, or before words (``11 - Office``).

    ``digits`` is the shape of a number of which a spreadsheet has taken the leading zeros, up to ``width``.
    """
    up = f"upper({bare(x)})"
    alone = f"regexp_full_match({up}, '{shape}')"
    short = f"regexp_full_match({up}, '{digits}')" if digits else "false"
    opened = rf"regexp_extract({up}, '^({shape}) *(?:[-:;,(=|/]| [A-Z]).*$', 1)"
    worded = f"({opened} <> '')"
    padded_ = f"WHEN {short} THEN lpad({up}, {width}, '0') " if digits else ""
    return Cell(
        f"CASE WHEN {alone} THEN {up} {padded_}WHEN {worded} THEN {opened} END",
        lost(x),
        LOST,
        {
            _ZEROS: f"(NOT {alone} AND {short})",
            _POINT: f"({x} LIKE '%.0' AND ({alone} OR {short}))",
            "words behind the code were dropped": f"(NOT {alone} AND NOT {short} AND {worded})",
            left_out(what): (
                f"({x} IS NOT NULL AND NOT {alone} AND NOT {short} AND NOT {worded} AND NOT {lost(x)})"
            ),
        },
        shape,
    )


@cache
def places() -> dict[str, str]:
    """Names of places of service in small letters without anything between, and their codes."""
    rows = reference.table("place_of_service").to_pylist()
    return {re.sub("[^a-z]", "", row["name"].lower()): row["code"] for row in rows if row["name"] != "Other"}


def place_of_service(x: str) -> Cell:
    """Two digits, or the name of a place: ``Office`` is 11."""
    read = coded(x, "[0-9]{2}", "a place of service code", width=2, digits="[1-9]")
    folded = f"regexp_replace(lower({x}), '[^a-z]', '', 'g')"
    names = ", ".join(f"'{name}': '{code}'" for name, code in places().items())
    named = f"(MAP {{{names}}}[{folded}])"
    worded = f"(regexp_matches({x}, '^[A-Za-z]') AND {named} IS NOT NULL)"
    return Cell(
        f"CASE WHEN {worded} THEN {named} ELSE {read.value} END",
        read.bad,
        read.why,
        {
            **{what: f"({sql} AND NOT {worded})" for what, sql in read.repairs.items()},
            "a word was read as its code": worded,
        },
        read.plain,
    )


def revenue_center(x: str) -> Cell:
    """Four digits: ``450`` and ``450.0`` are 0450."""
    return coded(x, "[0-9]{4}", "a revenue code", width=4, digits="[1-9][0-9]{0,2}")


def drg(x: str) -> Cell:
    """Three digits, also of four with a leading zero, or behind ``MS-DRG``; four where severity stands behind."""
    up = rf"regexp_replace(regexp_replace(upper({x}), '^(?:MS|APR)?[- ]*DRG[^0-9]*', ''), '^0([0-9]{{3}})$', '\1')"
    read = coded(up, "[0-9]{3,4}", "a DRG", width=3, digits="[1-9][0-9]?")
    return Cell(read.value, read.bad, read.why, read.repairs, "[0-9]{3}")


def discharge_status(x: str) -> Cell:
    """Two digits."""
    return coded(x, "[0-9]{2}", "a discharge status", width=2, digits="[1-9]")


def bill_type(x: str) -> Cell:
    """Three characters; the leading zero of four (``0131``) is dropped, as everywhere in cpticd."""
    read = coded(x, "0?[0-9]{2}[0-9A-Z]?", "a type of bill")
    value = rf"regexp_replace({read.value}, '^0([0-9]{{2}}[0-9A-Z])$', '\1')"
    return Cell(value, read.bad, read.why, read.repairs, "[1-9][0-9][0-9A-Z]?")


_FREQUENCIES: Final = {
    "original": "1",
    "new": "1",
    "replace": "7",
    "correct": "7",
    "adjust": "7",
    "void": "8",
    "cancel": "8",
}


def frequency(x: str) -> Cell:
    """One character (1 original, 7 replacement, 8 void), or the word for it."""
    read = coded(x, "[0-9A-Z]", "a claim frequency code")
    words = {f"lower({x}) LIKE '{word}%'": code for word, code in _FREQUENCIES.items()}
    worded = f"(length({x}) > 2 AND ({' OR '.join(words)}))"
    cases = " ".join(f"WHEN {test} THEN '{code}'" for test, code in words.items())
    repairs = {what: f"({sql} AND NOT {worded})" for what, sql in read.repairs.items()}
    return Cell(
        f"CASE WHEN {worded} THEN CASE {cases} END ELSE {read.value} END",
        read.bad,
        read.why,
        {**repairs, "a word was read as its code": worded},
        read.plain,
    )


_UNITS: Final = {"unit": "UN", "each": "UN", "ea": "UN", "min": "MJ", "day": "DA", "gram": "GR", "ml": "ML"}


def unit_of_measure(x: str) -> Cell:
    """Two characters (UN units, MJ minutes, DA days, F2, GR, ME, ML), or the usual words for them."""
    cases = " ".join(f"WHEN lower({x}) IN ('{word}', '{word}s') OR lower({x}) LIKE '{word}ute%' THEN '{code}'"
                     for word, code in _UNITS.items())  # fmt: skip
    worded = f"(CASE {cases} END)"
    shaped = f"regexp_full_match({x}, '[A-Za-z][A-Za-z0-9]')"
    return Cell(
        f"coalesce({worded}, CASE WHEN {shaped} THEN upper({x}) END)",
        repairs={
            "a word was read as its code": f"({worded} IS NOT NULL AND upper({x}) <> {worded})",
            left_out("a unit of measure"): f"({x} IS NOT NULL AND {worded} IS NULL AND NOT {shaped})",
        },
        plain="UN|MJ|DA|GR|ML|ME|F2",
    )


def ndc(x: str) -> Cell:
    """Eleven digits: segments apart by dashes are filled up (5-4-2), ``N4`` before them is dropped."""
    digits = f"regexp_replace(upper(replace({bare(x)}, ' ', '')), '^N4', '')"
    parts = r"'([0-9]{4,5})-([0-9]{3,4})-([0-9]{1,2})'"
    segments = f"regexp_full_match({digits}, {parts})"
    filled = " || ".join(
        f"lpad(regexp_extract({digits}, {parts}, {n}), {width}, '0')" for n, width in ((1, 5), (2, 4), (3, 2))
    )
    whole = f"regexp_full_match({digits}, '[0-9]{{11}}')"
    short = f"regexp_full_match({digits}, '[1-9][0-9]{{7,9}}')"
    return Cell(
        f"CASE WHEN {whole} THEN {digits} WHEN {segments} THEN {filled} WHEN {short} THEN lpad({digits}, 11, '0') END",
        lost(x),
        LOST,
        {
            _ZEROS: short,
            _POINT: f"({x} LIKE '%.0' AND ({whole} OR {short}))",
            left_out("a National Drug Code"): (
                f"({x} IS NOT NULL AND NOT {whole} AND NOT {segments} AND NOT {short} AND NOT {lost(x)})"
            ),
        },
        "[0-9]{11}",
    )


def taxonomy(x: str) -> Cell:
    """Ten characters that end with X."""
    return coded(x, "[0-9]{3}[0-9A-Z]{6}X", "a taxonomy code")


_POA: Final = "[YNUW1]"


def present_on_admission(x: str) -> Cell:
    """Y, N, U, W or 1 (exempt), also as words; blank forms (``Z``, ``X``, ``0``) are none."""
    letter = f"upper(left({x}, 1))"
    fits = f"(regexp_full_match(upper({x}), '{_POA}') OR lower({x}) IN ('yes', 'no', 'unknown', '1.0'))"
    exempt = f"(lower({x}) LIKE 'exempt%' OR upper({x}) = 'E')"
    empty = f"(upper({x}) IN ('Z', 'X', '0', '-', '0.0'))"
    return Cell(
        f"CASE WHEN {exempt} THEN '1' WHEN {fits} THEN {letter} END",
        repairs={
            left_out("a mark of presence on admission"): (
                f"({x} IS NOT NULL AND NOT {fits} AND NOT {exempt} AND NOT {empty})"
            )
        },
        plain=_POA,
    )


def diagnosis(x: str) -> Cell:
    """ICD codes in normal form. Lost leading zeros of ICD-9-CM are not guessed: 250 and 0250 both exist."""
    number = f"({x} LIKE '%.0' AND regexp_full_match({x}, '[0-9]{{4,5}}[.]0'))"
    first, rest = _behind(x), _more(x)
    alone = f"(regexp_full_match({normal(x)}, '{DIAGNOSIS}') AND NOT ({x} LIKE '% %' AND {rest}))"
    other = f"({x} IS NOT NULL AND NOT {number} AND NOT {alone} AND NOT {lost(x)} AND"
    return Cell(
        f"CASE WHEN {number} THEN left({x}, length({x}) - 2) WHEN {alone} THEN {normal(x)} "
        f"ELSE nullif(replace({first}, '.', ''), '') END",
        lost(x),
        LOST,
        {
            _POINT: number,
            "several diagnosis codes in one cell: the first was read": f"{other} {rest})",
            "words or a qualifier beside the diagnosis code were dropped": f"{other} {first} <> '' AND NOT {rest})",
            left_out("an ICD diagnosis code"): f"{other} {first} = '')",
        },
        "[0-9]{3,5}|[A-Z][0-9][0-9AB]|[A-Z][0-9][0-9AB][.]?[0-9A-Z]{1,4}",
    )


def _behind(x: str) -> str:
    """SQL of the diagnosis that a text begins with, or ends with in parentheses; empty where it does neither."""
    up = f"upper({x})"
    start = f"regexp_extract({up}, '^[^A-Z0-9]*{_QUALIFIER}({_DOTTED})(?:[^A-Z0-9.].*|[^A-Z0-9]*)$', 1)"
    end = rf"regexp_extract({up}, '[(\[] *({_DOTTED}) *[)\]]$', 1)"
    return f"coalesce(nullif({start}, ''), {end}, '')"


def _more(x: str) -> str:
    """SQL: several diagnoses stand in a cell."""
    pattern = rf"^[^A-Z0-9]*{_QUALIFIER}(?:{_DOTTED})[\s,;|/&+^~]+{_QUALIFIER}(?:{_DOTTED})\b"
    return f"regexp_matches(upper({x}), '{pattern}')"


#: A list of nothing but diagnosis codes, and what may stand between them.
_BETWEEN: Final = r"[\s,;|/&+^~:]+"
_LIST: Final = rf"\W*(?:{_DOTTED})(?:{_BETWEEN}(?:{_DOTTED}))*\W*"


def diagnosis_list(x: str) -> str:
    """SQL of the list of codes in a cell of several: ``E11.9;I10``, ``E11.9 - diabetes; I10 - hypertension``."""
    up = f"upper({x})"
    codes = f"regexp_extract_all({up}, '(?:{_DOTTED})')"
    apart = rf"regexp_replace({up}, ', *({_DOTTED})( *[-:(,]| *$)', ';\1\2', 'g')"
    parts = rf"list_transform(regexp_split_to_array({apart}, '[;|\n]+'), lambda p: {_behind('p')})"
    found = f"CASE WHEN regexp_full_match({up}, '{_LIST}') THEN {codes} ELSE {parts} END"
    return (
        f"(CASE WHEN {x} IS NULL THEN CAST([] AS VARCHAR[]) ELSE "
        f"list_filter(list_transform({found}, lambda c: replace(c, '.', '')), lambda c: c <> '') END)"
    )


def diagnoses(x: str) -> Cell:
    """A cell of several diagnoses, as it stands; :func:`diagnosis_list` takes it apart."""
    plain = f"({x} IS NULL OR regexp_full_match(upper({x}), '{_LIST}'))"
    found = f"len({diagnosis_list(x)})"
    return Cell(
        x,
        repairs={
            "words beside diagnosis codes were dropped": f"(NOT {plain} AND {found} > 0)",
            left_out("an ICD diagnosis code"): f"(NOT {plain} AND {found} = 0)",
        },
        plain=_LIST,
    )


#: ICD-10-PCS, and ICD-9-CM procedures with two digits before the dot.
_ICD_PROCEDURE: Final = "[0-9A-HJ-NP-Z]{7}|[0-9]{2}[.]?[0-9]{1,2}"


def icd_procedure(x: str) -> Cell:
    """ICD procedures: seven characters, or two to four digits (ICD-9-CM); six digits of seven have lost a zero."""
    read = coded(x, _ICD_PROCEDURE, "an ICD procedure code", width=7, digits="[1-9][0-9]{5}")
    return Cell(
        f"replace({read.value}, '.', '')", read.bad, read.why, read.repairs, "[0-9A-HJ-NP-Z]{7}|[0-9]{2,4}"
    )


def code(x: str) -> Cell:
    """Other codes in normal form."""
    return Cell(normal(bare(x)), lost(x), LOST, plain="[0-9A-Z]+")
