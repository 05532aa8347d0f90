"""What explorers share beside their base: tables a page at a time, and persons and claims under pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cpticd import disclosure
from cpticd.charts import format as fmt
from cpticd.charts.table import cells
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.disclosure import Pseudonyms, settings

#: Rows of a table's page.
PAGE: Final = 12


@dataclass(frozen=True)
class Page:
    """One page of a frame: its rows, which page of how many, and how it is sorted."""

    rows: pd.DataFrame
    number: int
    pages: int
    sort: Mapping[str, Any] | None


def page(frame: pd.DataFrame, extra: Mapping[str, Any], *, name: str, size: int = PAGE) -> Page:
    """The page that ``extra`` asks for of the table ``name``: sorted by a column, else as the analysis ranked it."""
    sort = extra.get("sort", {}).get(name)
    if sort and sort["column"] in frame.columns:
        frame = frame.sort_values(sort["column"], ascending=not sort["descending"], kind="stable")
    pages = max(1, ceil(len(frame) / size))
    number = min(max(int(extra.get("page", {}).get(name, 0)), 0), pages - 1)
    return Page(frame.iloc[number * size : (number + 1) * size], number, pages, sort)


def table(
    name: str,
    shown: Page | pd.DataFrame,
    columns: Sequence[str],
    *,
    title: str,
    selectable: bool = False,
    selected: int | None = None,
    note: str = "",
    width: str = "wide",
) -> dict[str, Any]:
    """A part that shows rows as text, in the words and units of ``charts.table``."""
    paged = shown if isinstance(shown, Page) else Page(shown, 0, 1, None)
    return behind(paged.rows, columns, name=name) | {
        "kind": "table", "title": title, "label": title, "selectable": selectable, "selected": selected, "note": note,
        "sortable": isinstance(shown, Page), "sort": paged.sort, "page": paged.number, "pages": paged.pages,
        "width": width,
    }  # fmt: skip


def behind(
    frame: pd.DataFrame, columns: Sequence[str], *, name: str = "", max_rows: int = 60
) -> dict[str, Any]:
    """Columns and rows of text of a frame: the table behind a chart."""
    names = [column for column in columns if column in frame.columns]
    headings, rows, numeric = cells(frame, columns=names, max_rows=max_rows)
    if "low" in names and "high" in names:
        names = [column for column in names if column != "high"]
    heads = [
        {"name": column, "label": label, "number": number}
        for column, label, number in zip(names, headings, numeric, strict=True)
    ]
    return {"name": name, "columns": heads, "rows": rows}


def toggled(values: Mapping[str, Any], **clicked: Any) -> dict[str, Any]:
    """The filters with what was clicked; clicked again, all."""
    there = all(values[name] == value for name, value in clicked.items())
    return dict(values) | {name: "" if there else value for name, value in clicked.items()}


class Names:
    """Persons and claims as they are shown: pseudonyms, unless the session or the caller asks for their names."""

    def __init__(self, *, identifiers: bool) -> None:
        self._own = identifiers
        self._pseudonyms = Pseudonyms()
        self._cited: dict[str, str] = {}

    def name(self, kind: str, identifier: Any) -> str:
        """``person 1`` in the order in which each is first asked for."""
        if self._own or not settings().pseudonyms:
            return str(identifier)
        return self._pseudonyms.name(kind, identifier)

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Records as they may leave: persons and claims numbered as on the page, in lists and inside texts as well."""
        if not settings().pseudonyms:
            return frame
        own, self._own = self._own, False
        try:
            kinds = {"person_id": "person", "claim_id": "claim", "evidence_claims": "claim"}
            found = {name: self.column(frame[name], kind) for name, kind in kinds.items() if name in frame}
            if self._cited and "evidence" in frame:
                found["evidence"] = [self.inside(str(text)) for text in frame["evidence"]]
            result = frame.assign(**found)
        finally:
            self._own = own
        return result

    def export(self, frame: pd.DataFrame, path: str | Path, *, overwrite: bool, identifiers: bool) -> Path:
        """Write records, numbered as on the page unless ``identifiers`` are asked for."""
        rows = frame if identifiers else self.frame(frame)
        return disclosure.export(rows, path, overwrite=overwrite, identifiers=True)

    def cited(self, texts: Iterable[str], kind: str, among: Iterable[str]) -> None:
        """Learn the identifiers that texts cite, of those that there are, so that :meth:`inside` knows them."""
        there = set(map(str, among))
        for word in sorted({word.rstrip(".:") for text in texts for word in _WORD.findall(text)} & there):
            self._cited[word] = kind

    def inside(self, text: str) -> str:
        """A text with the identifiers that it cites as they are shown."""
        if not self._cited:
            return text
        return _WORD.sub(lambda hit: self._of_word(hit[0]), text)

    def _of_word(self, word: str) -> str:
        bare = word.rstrip(".:")
        kind = self._cited.get(bare)
        return word if kind is None else self.name(kind, bare).removeprefix(f"{kind} ") + word[len(bare) :]

    def column(self, values: pd.Series, kind: str) -> list[str]:
        """A column of identifiers, or of lists of them, as it is shown."""
        return [
            fmt.words([self.name(kind, one) for one in value])
            if isinstance(value, list)
            else self.name(kind, value)
            for value in values.tolist()
        ]


_WORD: Final = re.compile(r"[^\s;,()\[\]'\"]+")


def service_years(claims: Claims) -> list[int]:
    """Years with members and claims, the complete ones (claims reach December) first to last, then the others.

    ArgumentError where no year has members.
    """
    years = [int(year) for year in claims.query("SELECT DISTINCT year FROM members ORDER BY year")["year"]]
    if not years:
        raise ArgumentError(
            "the claims name no members, whose age, sex and enrolment a risk score needs; load the table 'members'"
        )
    last = claims.query("SELECT max(claim_end_date) AS day FROM claims")["day"][0]
    complete = [one for one in years if not pd.isna(last) and (last.year, last.month) >= (one, 12)]
    return [one for one in years if one not in complete] + complete
