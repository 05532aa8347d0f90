"""Notes of a reader on open denials: who works on one, and what is known of it; kept beside the data set."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, InputError
from cpticd.core.places import place_of
from cpticd.core.whole_files import whole

_COLUMNS: Final = ("claim_id", "claim_line_number", "assigned_to", "note", "written")
#: What a file beside the data set ends with.
ENDING: Final = ".notes.csv"


@dataclass(frozen=True)
class Note:
    """Who works on a service, and what was written, when."""

    who: str = ""
    text: str = ""
    written: str = ""


class Notes:
    """Notes by claim and line; ``path``: the file that holds them, None where they last as long as the session."""

    def __init__(self, claims: Claims, path: str | Path | None = None) -> None:
        place = place_of(claims)
        beside = None if place is None else place.with_name(place.name + ENDING)
        self.path = beside if path is None else Path(path)
        self._found: dict[tuple[str, int], Note] = {}
        self._read()

    def _read(self) -> None:
        """What the file holds now: others may have written to it."""
        if self.path is None or not self.path.exists():
            return
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                self._found = {
                    (row["claim_id"], int(row["claim_line_number"])):
                    Note(row["assigned_to"] or "", row["note"] or "", row["written"] or "")
                    for row in csv.DictReader(file)
                }  # fmt: skip
        except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
            raise InputError(
                f"{self.path}: not a file of notes ({error}); it has the columns {', '.join(_COLUMNS)}. Mend it, or "
                "move it away: notes begin anew"
            ) from error

    def of(self, claim_id: Any, line: Any) -> Note:
        """The note on a line, empty where there is none."""
        return self._found.get((str(claim_id), int(line)), Note())

    def write(self, claim_id: Any, line: Any, *, who: str, text: str) -> None:
        """Keep a note in place of the one before; an empty one is none. InputError where it cannot be written."""
        self._read()
        key = (str(claim_id), int(line))
        if who.strip() or text.strip():
            self._found[key] = Note(who.strip(), text.strip(), f"{datetime.now(UTC):%Y-%m-%d %H:%M}")
        else:
            self._found.pop(key, None)
        if self.path is not None:
            self._save(self.path)

    def _save(self, path: Path) -> None:
        """The whole file anew, or as it was."""
        rows = [[*key, note.who, note.text, note.written] for key, note in sorted(self._found.items())]
        try:
            with whole(path) as working, working.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([_COLUMNS, *rows])
        except ArgumentError as error:
            raise InputError(
                f"{path}: the note is not saved: {error.__cause__ or error}; it lasts as long as the page"
            ) from error

    @property
    def words(self) -> str:
        """Where notes are kept."""
        if self.path is None:
            return (
                "Notes last as long as this page: the claims are in memory. After claims.save(folder), open the page "
                "on cx.open(folder), and notes are kept beside it."
            )
        return f"Notes are kept in {self.path.name}, beside the data set; they hold claim numbers."
