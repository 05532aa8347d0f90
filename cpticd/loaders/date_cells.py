"""Cells of dates: as machines, people and spreadsheets write them, and which of two numbers is the month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from cpticd.loaders.cell import Cell

#: Two numbers and a year, with or without a time behind: the order of the two has to be decided.
_NUMERIC: Final = r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{4}|[0-9]{2})( .*)?"
_TIMED: Final = r"[^ ]+ [0-9]{1,2}:[0-9]{2}.*"
#: Months in words, and the forms of databases.
_WORDED: Final = (
    "['%d-%b-%y', '%d-%b-%Y', '%d%b%Y', '%d%b%y', '%b %d, %Y', '%B %d, %Y', '%d %b %Y', '%d %B %Y', '%b %d %Y', "
    "'%B %d %Y', '%b-%d-%Y', '%d/%b/%Y', '%d%b%Y:%H:%M:%S', '%d-%b-%Y %H:%M:%S', '%d-%b-%y %H:%M:%S', "
    "'%b %d %Y %I:%M%p', '%d-%b-%Y %H:%M', '%Y/%m/%d', '%Y.%m.%d', '%Y/%m/%d %H:%M:%S', '%Y-%m-%d %I:%M:%S %p']"
)
#: What stands where there is no date: zeros, the first and last day that a system knows, a spreadsheet's zero.
_NONE: Final = (
    "0000%", "00/00%", "9999%", "12/31/9999%", "31-dec-9999%", "0001-01-01%", "1/1/0001%", "01/01/0001%", "1/0/19%",
    "01/00/19%", "1/0/00%", "1900-01-00%", "12/30/1899%", "12/31/1899%", "1899-12-3%",
)  # fmt: skip
_EARLIEST, _LATEST = 1850, 2200


def date(x: str, *, birth: bool = False) -> Cell:
    """Dates as 2024-01-31, 20240131, 01/31/2024, 1/31/24, 31-Jan-2024, with or without a time, and serial numbers.

    A five-digit number is a spreadsheet's count of days since 1899-12-30 (``birth``: also of days before 1954). Month
    comes before day: a column that has it the other way is turned by :func:`turned` before.
    """
    iso = f"{x} LIKE '____-__-__%'"
    digits = "[1-5]" if birth else "[2-5]"
    serial = f"(length({x}) BETWEEN 5 AND 16 AND regexp_full_match({x}, '{digits}[0-9]{{4}}([.][0-9]+)?'))"
    none = (
        f"({x} IN ('0', '-', '--', '0.0') OR "
        + " OR ".join(f"lower({x}) LIKE '{each}'" for each in _NONE)
        + ")"
    )
    head = f"split_part({x}, ' ', 1)"
    slashes = f"replace(replace({head}, '.', '/'), '-', '/')"
    numeric = f"regexp_full_match({x}, '{_NUMERIC}')"
    eight = rf"regexp_full_match({x}, '[0-9]{{7,8}}([.]0)?')"
    digits8 = f"lpad(split_part({x}, '.', 1), 8, '0')"
    value = (
        f"CASE WHEN {iso} AND NOT {none} THEN CAST(TRY_CAST({x} AS TIMESTAMP) AS DATE) "
        f"WHEN {none} THEN NULL "
        f"WHEN {numeric} THEN CASE WHEN {x} LIKE '% %' AND NOT regexp_full_match({x}, '{_TIMED}') THEN NULL "
        f"ELSE CAST(CASE WHEN regexp_full_match({head}, '.*[0-9]{{4}}') THEN try_strptime({slashes}, '%m/%d/%Y') "
        f"ELSE try_strptime({slashes}, '%m/%d/%y') END AS DATE) END "
        f"WHEN {eight} THEN CAST(coalesce(CASE WHEN year(try_strptime({digits8}, '%Y%m%d')) BETWEEN {_EARLIEST} "
        f"AND {_LATEST} THEN try_strptime({digits8}, '%Y%m%d') END, try_strptime({digits8}, '%m%d%Y')) AS DATE) "
        f"WHEN {serial} THEN DATE '1899-12-30' + CAST(floor(TRY_CAST({x} AS DOUBLE)) AS INTEGER) "
        f"ELSE coalesce(CASE WHEN {x} LIKE '____-%' THEN CAST(TRY_CAST({x} AS TIMESTAMP) AS DATE) END, "
        f"CAST(try_strptime({x}, {_WORDED}) AS DATE)) END"
    )
    return Cell(
        value,
        f"({x} IS NOT NULL AND NOT {none} AND coalesce(year({value}) NOT BETWEEN {_EARLIEST} AND {_LATEST}, true))",
        "not a date",
        {
            "a spreadsheet's day number was read as a date": serial,
            "a placeholder was read as no date": none,
        },
        "(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
    )


def turned(x: str) -> str:
    """SQL of a cell of a day-first column, written month first: 31/01/2025 is 01/31/2025."""
    return (
        f"CASE WHEN regexp_full_match({x}, '{_NUMERIC}') THEN "
        rf"regexp_replace({x}, '^([0-9]{{1,2}})([/.-])([0-9]{{1,2}})', '\3\2\1') ELSE {x} END"
    )


def _orders(cells: Mapping[str, str], rows: str) -> str:
    """SELECT of one row for each of ``cells`` of ``rows``, by name: how many distinct dates can be day first alone,
    month first alone, or either, and an example of each."""
    date = "replace(replace(split_part(x, ' ', 1), '.', '/'), '-', '/')"
    read = {
        name: f"coalesce(CASE WHEN regexp_full_match({date}, '.*[0-9]{{4}}') THEN try_strptime({date}, '{order}/%Y') "
        f"ELSE try_strptime({date}, '{order}/%y') END IS NOT NULL, false) AS {name}"
        for name, order in (("as_month", "%m/%d"), ("as_day", "%d/%m"))
    }
    tests = {
        "day": "as_day AND NOT as_month",
        "month": "as_month AND NOT as_day",
        "either": "as_day AND as_month",
    }
    counts = ", ".join(
        f"count(*) FILTER (is_open AND {test}) AS {name}, min(x) FILTER (is_open AND {test}) AS {name}_example"
        for name, test in tests.items()
    )
    # 03/03 is the same day in either order. No WHERE: below DISTINCT it would be asked of every cell.
    first, second = (f"regexp_extract(x, '^0?([0-9]+)[/.-]0?([0-9]+)', {n})" for n in (1, 2))
    is_open = f"coalesce(regexp_full_match(x, '{_NUMERIC}') AND {first} <> {second}, false) AS is_open"
    texts = " UNION ALL ".join(
        f"SELECT DISTINCT {n} AS n, {x} AS x FROM {rows}" for n, x in enumerate(cells.values())
    )
    return (
        f"SELECT n, {counts} FROM (SELECT n, x, {read['as_month']}, {read['as_day']}, {is_open} "
        f"FROM ({texts}) texts) said GROUP BY n ORDER BY n"
    )


class Order(NamedTuple):
    """What the dates of one column show about their order."""

    day_first: bool = False
    note: str = ""  # what must be reported
    example: str = ""


#: How many times as many dates must be day first as month first, for the others to be taken for slips.
_MOST: Final = 20


def decided(
    records: Callable[[str], list[dict[str, Any]]], rows: str, cells: Mapping[str, str]
) -> dict[str, Order]:
    """Order of each column of dates of ``rows`` ({name: SQL of its cell}), decided by all of its cells, and where they
    show none by the other columns; names whose dates need no decision are left out."""
    if not cells:
        return {}
    names = list(cells)
    seen: dict[str, dict[str, Any]] = {
        names[found["n"]]: found
        for found in records(_orders(cells, rows))
        if found["day"] or found["month"] or found["either"]
    }
    orders = {name: _order(found) for name, found in seen.items()}
    known = {orders[name].day_first for name, found in seen.items() if found["day"] or found["month"]}
    for name, found in seen.items():
        if found["day"] or found["month"]:
            continue
        example = found["either_example"]
        if known == {True}:
            orders[name] = Order(
                True, "dates were read day first, as the other dates of the file are", example
            )
        elif known != {False}:
            note = "no date shows whether the day or the month comes first: they were read month first"
            orders[name] = Order(False, note, example)
    return orders


def _order(found: dict[str, Any]) -> Order:
    day, month = found["day"], found["month"]
    if day and month:
        both = f"{found['day_example']}, {found['month_example']}"
        turned_ = day >= _MOST * month
        note = (
            f"dates in both orders, {day:,} with the day first and {month:,} with the month: they were read "
            f"{'day' if turned_ else 'month'} first; those that cannot be are rejected"
        )
        return Order(turned_, note, both)
    if day:
        return Order(True, "dates were read day first: some can be nothing else", found["day_example"])
    return Order()
