"""Cells of flat files as spreadsheets and people leave them: SQL that reads them, and says what it mended.

Each function takes the SQL of a trimmed text cell (null where empty) and returns a :class:`Cell`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: What a spreadsheet makes of a long number, or of a code such as 1E10: digits are gone.
SCIENTIFIC = r"[+-]?\d+([.]\d+)?[eE][+]\d+"


@dataclass(frozen=True)
class Cell:
    """How one kind of cell is read."""

    value: str  # SQL of the value in its type, null where empty or unreadable
    bad: str = "false"  # SQL: the cell holds something that cannot be read, the row must be rejected
    why: str = ""  # why it cannot
    repairs: dict[str, str] = field(default_factory=dict)  # what was mended → SQL that is true where it was


def text(x: str) -> Cell:
    """Names and identifiers, as they stand."""
    return Cell(x)


def identifier(x: str) -> Cell:
    """Identifiers of digits: ``1234567890.0`` loses its ``.0``; ``1.23E+15`` has lost its digits."""
    whole = f"({x} LIKE '%.0' AND regexp_full_match({x}, '[0-9]+[.]0'))"
    return Cell(
        f"CASE WHEN {whole} THEN left({x}, length({x}) - 2) ELSE {x} END",
        f"({x} LIKE '%+%' AND regexp_full_match({x}, '{SCIENTIFIC}'))",
        "in scientific notation: a spreadsheet has lost its digits; export the column as text",
        {"a number's .0 was dropped": whole},
    )


def money(x: str, scale: int = 2) -> Cell:
    """Dollars: ``$1,200.00``, ``(5.00)``, ``5.00-``, ``5 USD``; ``$ -`` is 0."""
    kind = f"DECIMAL(18,{scale})"
    # Accounting formats of spreadsheets write zero as a dash.
    dash = rf"regexp_full_match({x}, '[$ ]*[-–—]+[$ ]*')"
    bare = f"replace(replace(replace(replace(upper({x}), '$', ''), ',', ''), ' ', ''), 'USD', '')"
    negative = rf"regexp_full_match({bare}, '[(][0-9.]+[)]|[0-9.]+-|-[(]?[0-9.]+[)]?')"
    plain = f"CASE WHEN {x} NOT LIKE '%\\_%' ESCAPE '\\' THEN TRY_CAST({x} AS {kind}) END"
    value = (
        f"coalesce({plain}, CASE WHEN {dash} THEN 0 WHEN {x} LIKE '%,%' AND NOT regexp_full_match({bare_commas(x)}, "
        r"'[-($]*[0-9]{1,3}(,[0-9]{3})*([.][0-9]*)?[)-]?') THEN NULL "
        rf"WHEN {negative} THEN -TRY_CAST(regexp_replace({bare}, '[()-]', '', 'g') AS {kind}) "
        rf"WHEN regexp_full_match({bare}, '[0-9.]+') THEN TRY_CAST({bare} AS {kind}) END)"
    )
    return Cell(
        value,
        f"({x} IS NOT NULL AND ({value}) IS NULL)",
        "not an amount" if scale == 2 else "not a number",
        {
            "a thousands separator was dropped": f"({x} LIKE '%,%' AND ({value}) IS NOT NULL)",
            "parentheses or a trailing minus were read as a negative amount": (
                f"(({x} LIKE '%)' OR {x} LIKE '%-') AND ({value}) IS NOT NULL AND NOT {dash})"
            ),
            "a dash was read as 0": dash,
        },
    )


def bare_commas(x: str) -> str:
    """The amount without currency and blanks, its separators kept, so that their places can be checked."""
    return f"replace(replace(upper({x}), ' ', ''), 'USD', '')"


def number(x: str) -> Cell:
    """Quantities, to a thousandth."""
    return money(x, 3)


def payer_sequence(x: str) -> Cell:
    """1, 2 and 3: also P, S and T (SBR01), ``primary``, ``2nd``; anything else is none."""
    word = f"upper(left(regexp_replace({x}, '^0+', ''), 1))"
    return Cell(
        f"CASE WHEN {word} IN ('1', 'P') THEN 1 WHEN {word} IN ('2', 'S') THEN 2 WHEN {word} IN ('3', 'T') THEN 3 END"
    )


def whole(x: str) -> Cell:
    """Whole numbers; ``1.0`` is 1."""
    value = f"coalesce(TRY_CAST(CASE WHEN {x} NOT LIKE '%.%' THEN {x} END AS INTEGER), CASE WHEN regexp_full_match({x}, '[0-9]+[.]0*') THEN TRY_CAST(split_part({x}, '.', 1) AS INTEGER) END)"  # noqa: E501
    return Cell(value, f"({x} IS NOT NULL AND ({value}) IS NULL)", "not a whole number")


def date(x: str) -> Cell:
    """Dates as 2024-01-31, 20240131, 01/31/2024, 1/31/24, 31-Jan-2024, with or without a time, and serial numbers.

    A five-digit number is a spreadsheet's count of days since 1899-12-30. Month comes before day.
    """
    serial = f"(length({x}) BETWEEN 5 AND 16 AND regexp_full_match({x}, '[2-5][0-9]{{4}}([.][0-9]+)?'))"
    none = (
        f"({x} LIKE '0000%' OR {x} LIKE '00/00%' OR {x} LIKE '9999%' OR {x} LIKE '12/31/9999%' "
        f"OR {x} IN ('0', '-', '--'))"
    )
    head = f"split_part({x}, ' ', 1)"
    value = (
        f"CASE WHEN {none} THEN NULL "
        f"WHEN length({x}) = 8 AND TRY_CAST({x} AS INTEGER) IS NOT NULL THEN CAST(try_strptime({x}, "
        f"'%Y%m%d') AS DATE) "
        f"WHEN {x} LIKE '%/%' THEN CAST(CASE "
        f"WHEN regexp_full_match({head}, '[0-9]{{4}}/.*') THEN try_strptime({head}, '%Y/%m/%d') "
        f"WHEN regexp_full_match({head}, '.*/[0-9]{{2}}') THEN try_strptime({head}, '%m/%d/%y') "
        f"ELSE try_strptime({head}, '%m/%d/%Y') END AS DATE) "
        f"WHEN {serial} THEN DATE '1899-12-30' + CAST(floor(TRY_CAST({x} AS DOUBLE)) AS INTEGER) "
        f"WHEN regexp_full_match({x}, '[0-9]{{8}}[.]0') THEN CAST(try_strptime(left({x}, 8), '%Y%m%d') AS "
        f"DATE) "
        f"ELSE coalesce(CASE WHEN {x} LIKE '____-%' THEN CAST(TRY_CAST({x} AS TIMESTAMP) AS DATE) END, "
        f"CAST(try_strptime("
        f"{x}, ['%m-%d-%y', '%m-%d-%Y', '%d-%b-%y', '%d-%b-%Y', '%d%b%Y', '%b %d, %Y', '%B %d, %Y', '%d %b "
        f"%Y', '%m.%d.%Y', "
        f"'%d%b%Y:%H:%M:%S']) AS DATE)) END"
    )
    return Cell(
        value,
        f"({x} IS NOT NULL AND NOT {none} AND coalesce(year({value}) NOT BETWEEN 1850 AND 2200, true))",
        "not a date",
        {
            "a spreadsheet's day number was read as a date": serial,
            "a placeholder was read as no date": none,
        },
    )


def _lost(x: str) -> str:
    return f"({x} LIKE '%+%' AND regexp_full_match({x}, '{SCIENTIFIC}'))"


_LOST = "in scientific notation: the code cannot be known; export the column as text"


def _normal(x: str) -> str:
    return f"upper(replace(replace({x}, '.', ''), ' ', ''))"


def padded(x: str, width: int, least: int) -> Cell:
    """Codes of ``width`` digits of which a spreadsheet took the leading zeros; ``11.0`` is 11."""
    bare = f"CASE WHEN {x} LIKE '%.0' THEN left({x}, length({x}) - 2) ELSE {x} END"
    short = f"regexp_full_match({bare}, '[0-9]{{{least},{width - 1}}}')"
    return Cell(
        f"CASE WHEN length({x}) = {width} AND {x} NOT LIKE '%.%' THEN upper({x}) "
        f"WHEN {short} THEN lpad({bare}, {width}, '0') ELSE {_normal(bare)} END",
        _lost(x),
        _LOST,
        {
            "leading zeros were put back": f"(length({x}) <> {width} AND {short})",
            "a number's .0 was dropped": f"({x} LIKE '%.0')",
        },
    )


def procedure(x: str) -> Cell:
    """CPT and HCPCS codes: ``100`` is 00100 (anesthesia), ``99213.0`` is 99213, ``99213-25`` has a modifier."""
    bare = f"CASE WHEN {x} LIKE '%.0' THEN left({x}, length({x}) - 2) ELSE {x} END"
    short = f"regexp_full_match({bare}, '[0-9]{{3,4}}')"
    joined = rf"regexp_full_match({x}, '[A-Za-z0-9]{{5}}[- ]+[A-Za-z0-9]{{2}}([-, ]+[A-Za-z0-9]{{2}})*')"
    return Cell(
        f"CASE WHEN length({x}) = 5 AND {x} NOT LIKE '%.%' THEN upper({x}) "
        f"WHEN {short} THEN lpad({bare}, 5, '0') "
        f"WHEN {joined} THEN upper(left({x}, 5)) ELSE {_normal(bare)} END",
        _lost(x),
        _LOST,
        {
            "leading zeros were put back": f"(length({x}) <> 5 AND {short})",
            "a number's .0 was dropped": f"({x} LIKE '%.0')",
            "a modifier was taken off the procedure code": f"(length({x}) > 7 AND {joined})",
        },
    )


def diagnosis(x: str) -> Cell:
    """ICD codes in normal form. Lost leading zeros of ICD-9-CM are not guessed: 250 and 0250 both exist."""
    number = f"({x} LIKE '%.0' AND regexp_full_match({x}, '[0-9]{{4,5}}[.]0'))"
    return Cell(
        f"CASE WHEN {number} THEN left({x}, length({x}) - 2) ELSE {_normal(x)} END",
        _lost(x),
        _LOST,
        {"a number's .0 was dropped": number},
    )


def bill_type(x: str) -> Cell:
    """Three characters; the leading zero of four (``0131``) is dropped, as everywhere in cpticd."""
    bare = f"CASE WHEN {x} LIKE '%.0' THEN left({x}, length({x}) - 2) ELSE {x} END"
    return Cell(
        f"CASE WHEN length({bare}) = 4 AND {bare} LIKE '0%' THEN upper(right({bare}, 3)) ELSE "
        f"upper({bare}) END"
    )


def code(x: str) -> Cell:
    """Other codes in normal form."""
    bare = f"CASE WHEN {x} LIKE '%.0' THEN left({x}, length({x}) - 2) ELSE {x} END"
    return Cell(_normal(bare), _lost(x), _LOST)
