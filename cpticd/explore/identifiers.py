"""Persons and claims on the pages of explorers, in their exports and in texts: under pseudonyms, or by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from cpticd import disclosure
from cpticd.charts import format as fmt
from cpticd.disclosure import Pseudonyms, settings

_WORD: Final = re.compile(r"[^\s;,()\[\]'\"]+")


class Identifiers:
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
