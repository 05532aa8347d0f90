"""What a click on the page of denials does: drivers, cells, pairs, lines, causes, and what is kept to compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.denials.pair_sources import Grain
from cpticd.explore import drivers_view, explained
from cpticd.explore.denials_leaving import Leaving
from cpticd.explore.denials_page import CODE, FAMILY
from cpticd.explore.pages import page


class Clicks(Leaving):
    """The page of denials, and what is clicked on it."""

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        """ArgumentError for families or codes that no line of the claims joins."""
        if "service" in extra:
            self._check_service(extra["service"])
        if extra.get("kept") is not None:
            self._cube.view(**extra["kept"])
        grains: dict[Grain, tuple[str, str]] = {"family": FAMILY, "code": CODE}
        for grain, names in grains.items():
            given = [extra[name] for name in names if name in extra]
            keys = self._cube.pairs[grain].keys[list(names)]
            if given and given not in keys.to_numpy().tolist():
                asked = ", ".join(f"{name}: found {extra.get(name)!r}" for name in names)
                raise ArgumentError(
                    f"{asked}; give a procedure and a diagnosis that a line of these claims joins"
                )

    def _check_service(self, row: Any) -> None:
        if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < len(self._cube.claim_id):
            raise ArgumentError(f"service: found {row!r}; give the number of a line, as .chosen has it")

    def extra_of(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Families open the matrix, codes the lines of a pair; None closes them."""
        kept = super().extra_of(asked)
        if any(name in FAMILY for name in asked):
            kept = {name: value for name, value in kept.items() if name not in CODE or name in asked}
        if any(name in CODE for name in asked) and "service" not in asked:
            kept.pop("service", None)
        return kept

    def on_event(self, event: Mapping[str, Any]) -> None:
        part, kind, name = event.get("part"), event.get("kind"), event.get("name")
        if kind == "note":
            self._write_note(event)
        elif kind == "button":
            self._press(str(name))
        elif part in ("drivers", "rates"):
            self._open_driver(event)
        elif part == "matrix":
            self._open_cell(self._cell_of(event))
        elif kind == "row" and part in ("pairs", "lines", "work"):
            self._open_row(str(part), int(event["row"]))
        elif part == "causes" and not self._is_of_one_cause:
            self._choose_cause(event)

    def _press(self, name: str) -> None:
        if name == "back":
            kept = ("search", "driver", "kept")
            self._extra = {"search": ""} | {k: self._extra[k] for k in kept if k in self._extra}
        elif name == "drivers":
            self._set(self.values | self._extra.get("driver", {}).get("values", {}) | {"view": "drivers"})
            self._extra = {k: self._extra[k] for k in ("kept",) if k in self._extra}
        elif name == "keep":
            chosen = self.selection.items()  # the cell that is open holds for both sides
            self._extra["kept"] = {name: value for name, value in chosen if name not in FAMILY}
            self._set(self.values | {"compare": "kept"})
        elif name == "work":
            self._set(self.values | {"view": "open"})
        elif name == "close":
            self._extra.pop("service", None)

    def _open_row(self, part: str, row: int) -> None:
        """The lines of a pair, or the story of a line."""
        if part == "pairs":
            shown = page(self.data, self._extra, name="pairs").rows
            if 0 <= row < len(shown):
                self._open_pair(shown.iloc[row])
            return
        if part == "work":
            rows = page(self.open_rows(), self._extra, name="work").rows["row"].tolist()
        else:
            number = int(self._extra.get("page", {}).get("lines", 0))
            rows = explained.keys(self.view, self._pair, number)[0]["row"].tolist() if self._pair else []
        if 0 <= row < len(rows):
            self._extra["service"] = int(rows[row])

    def _write_note(self, event: Mapping[str, Any]) -> None:
        if (key := self._service) is None:
            return
        try:
            self._notes.write(*key, who=str(event.get("who", "")), text=str(event.get("text", "")))
            self._written = f"The note is kept{'' if self._notes.path else ' as long as this page'}. "
        except CpticdError as error:
            self._written = f"{error} "

    def _open_driver(self, event: Mapping[str, Any]) -> None:
        """The pairs of the driver that was clicked: its dimensions become filters, its codes the search or a pair."""
        found = self._drivers.get(self._drivers_key)
        chosen = None if found is None else drivers_view.clicked(found, event)
        if chosen is None:
            return
        known = {each.name: {str(value) for value, _ in each.options} for each in self._controls}
        set_ = {name: value for name, value in chosen.items() if value in known.get(name, ())}
        before = {name: self.values[name] for name in set_}
        self._set(self.values | set_ | {"view": "pairs"})
        self._extra = {k: self._extra[k] for k in ("kept",) if k in self._extra} | {
            "driver": {"name": chosen["name"], "values": before},
            "search": chosen.get("hcpcs_code", ""),
        }
        pair = [chosen.get(name, "") for name in CODE]
        if pair in self._cube.pairs["code"].keys[list(CODE)].to_numpy().tolist():
            self._extra |= dict(zip(CODE, pair, strict=True))

    def _choose_cause(self, event: Mapping[str, Any]) -> None:
        """The root cause of a bar that was clicked, or of a row of its table."""
        name = event.get("y")
        if event["kind"] == "row":
            name = self.view.causes(self.drill)["category"].iloc[int(event["row"])]
        if name in self._cube.categories:
            self._set(self.values | {"category": name})

    def _cell_of(self, event: Mapping[str, Any]) -> list[str]:
        """Procedure and diagnosis (families) of a cell that was clicked, or of a row of its table."""
        if event["kind"] == "row":
            cells = self._cells()
            return cells[list(CODE if "hcpcs_code" in cells else FAMILY)].iloc[int(event["row"])].tolist()
        return [str(name) for name in (event.get("custom") or ["", ""])[:2]]

    def _open_cell(self, cell: list[str]) -> None:
        if not all(cell):
            return  # a cell without enough lines
        names = FAMILY if self.drill == (None, None) else CODE
        self._extra |= dict(zip(names, cell, strict=True))
        self._extra.pop("page", None)

    def _open_pair(self, row: pd.Series) -> None:
        self._extra |= {name: str(row[name]) for name in CODE}
        self._extra.pop("service", None)
        self._extra["page"] = {k: v for k, v in self._extra.get("page", {}).items() if k != "lines"}
