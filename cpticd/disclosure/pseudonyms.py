"""Persons and claims under numbers: stable within a release, and nothing in the output leads back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from cpticd.core.contract import carry

#: Columns that name a person or a claim, and what the name becomes.
KINDS: Final[Mapping[str, str]] = {
    "person_id": "person",
    "member_id": "person",
    "patient_id": "person",
    "subscriber_id": "person",
    "person_ids": "person",
    "claim_id": "claim",
    "claim_ids": "claim",
    "evidence_claims": "claim",
    "icns": "claim",
    "source_claim_id": "claim",
    "payer_claim_id": "payer claim",
    "original_payer_claim_id": "payer claim",
}
#: Days that tell a person apart: only the year leaves.
DAYS: Final = ("birth_date", "death_date")
#: Columns whose text cites claims that need not stand in the frame, as ``claim C0001``.
CITING: Final = ("evidence",)
_CITED: Final = re.compile(r"\b(claim|person) ([^\s;,()\[\]'\"]*[^\s;,()\[\]'\".:])")
_TOKEN: Final = re.compile(r"[^\s;,()\[\]'\"]+")
#: Shortest identifier that is looked for inside text, of digits alone: shorter ones are counts, years and codes.
_LONG: Final = 6
_SHORT: Final = 3


class Pseudonyms:
    """``person 1``, ``claim 1``, … in the order in which each first appears; keep one for all that belongs together."""

    def __init__(self, columns: Mapping[str, str] | None = None) -> None:
        self._kinds = dict(KINDS) | dict(columns or {})
        self._names: dict[str, dict[str, str]] = {}
        self._anywhere: dict[str, str] = {}

    def is_identifier(self, column: str) -> bool:
        """Whether a column names persons or claims."""
        return column in self._kinds

    def frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        """``frame`` with identifiers numbered, in their columns, in lists and inside text; of birth dates the year."""
        kept = frame.copy()
        for column in frame.columns:
            kind = self._kinds.get(str(column))
            if kind:
                kept[column] = self._column(frame[column], kind)
            elif column in CITING and _may_hold_text(frame[column]):
                kept[column] = self._replaced(frame[column], self._cited)
            elif column in DAYS:
                days = pd.to_datetime(frame[column], errors="coerce")
                kept[column] = days.dt.year.astype("Int64")
        for column in frame.columns if self._anywhere else ():
            if str(column) not in (*self._kinds, *DAYS) and _may_hold_text(kept[column]):
                kept[column] = self._replaced(kept[column], self._named)
        return carry(frame, kept)

    def name(self, kind: str, identifier: object) -> str:
        """The pseudonym of one identifier, a new number where it was not seen before."""
        names = self._names.setdefault(kind, {})
        text = str(identifier)
        if text not in names:
            names[text] = f"{kind} {len(names) + 1}"
            if _stands_out(text):
                self._anywhere.setdefault(text, names[text])
        return names[text]

    def _column(self, values: pd.Series, kind: str) -> pd.Series:
        if str(values.name).endswith("_ids") or values.map(lambda value: isinstance(value, list)).any():
            return values.map(lambda several: self._several(several, kind))
        found, unique = pd.factorize(values)
        names = [self.name(kind, identifier) for identifier in unique.tolist()]
        numbered = pd.Series([names[code] if code >= 0 else None for code in found], dtype=object)
        return numbered.set_axis(values.index)

    def _several(self, value: Any, kind: str) -> Any:
        """Identifiers of a cell that holds several, as a list or as text with blanks between."""
        if isinstance(value, str):
            return "; ".join(self.name(kind, each) for each in re.split(r"[\s;,]+", value) if each)
        if isinstance(value, list | tuple | set) or getattr(value, "ndim", 0) == 1:
            return [self.name(kind, each) for each in value]
        return value

    def _cited(self, text: str) -> str:
        return _CITED.sub(lambda hit: self.name(hit[1], hit[2]), text)

    def _named(self, text: str) -> str:
        return _TOKEN.sub(lambda hit: self._of_token(hit[0]), text)

    @staticmethod
    def _replaced(values: pd.Series, change: Callable[[str], str]) -> pd.Series:
        """Text, alone or in lists, changed; the column as it is where nothing changes."""

        def mend(value: object) -> object:
            if isinstance(value, str):
                return change(value)
            if isinstance(value, list | tuple):
                return type(value)(mend(item) for item in value)
            return value

        mended = [mend(value) for value in values.tolist()]
        unchanged = all(new is old or new == old for new, old in zip(mended, values.tolist(), strict=True))
        return values if unchanged else pd.Series(mended, index=values.index, dtype=object)

    def _of_token(self, token: str) -> str:
        bare = token.rstrip(".:!?")
        return self._anywhere[bare] + token[len(bare) :] if bare in self._anywhere else token


def _stands_out(text: str) -> bool:
    """Whether an identifier inside text is one, and not a count, a year or a word."""
    if not any(character.isdigit() for character in text):
        return False
    return len(text) >= (_LONG if text.isdigit() else _SHORT)


def _may_hold_text(values: pd.Series) -> bool:
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)
