"""The totals of risk adjustment's impact, by kind, in dollars where it has them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.core.contract import records_of


class Totals:
    """The totals of an impact, by kind, in dollars where it has them."""

    def __init__(self, impact: pd.DataFrame) -> None:
        self.records = parts.totals(impact, "report")
        self.unit = parts.unit(impact, None, "report")
        self.kinds = parts.steps(self.records)
        #: Kinds that are of too few persons to be shown.
        self.hidden = frozenset(map(str, records_of(impact).get(parts.RELEASED, ())))

    def value(self, kind: str, field: int = 0) -> float:
        """A kind's expected change; field 1 and 2 its interval, 3 if every one were confirmed."""
        return float(self.records[kind][self.unit.fields[field]])

    def span(self, kind: str) -> str:
        return fmt.span(self.unit.write, self.value(kind, 1), self.value(kind, 2))

    def persons(self, kind: str) -> int:
        return int(self.records[kind]["persons"])

    def size(self, kind: str) -> str:
        """The interval of a kind's change without its sign, the smaller end first."""
        ends = sorted(abs(self.value(kind, field)) for field in (1, 2))
        return fmt.span(self.unit.write, *ends)

    def table(self, *, lowers: bool | None = None) -> pd.DataFrame:
        """One row per kind of a direction, or of both: how many to review, persons, expected change, interval."""
        kinds = [kind for kind in self.kinds if lowers is None or (kind == parts.UNSUPPORTED) == lowers]
        names = {kind: parts.words(kind) for kind in kinds}
        gaps = [kind for kind in kinds if kind != parts.UNSUPPORTED]
        if len(gaps) > 1 and parts.GAPS in self.records:  # their sum stands after them
            kinds.insert(len(gaps), parts.GAPS)
            names[parts.GAPS] = "All of these"
        rows = [
            (
                names[kind],
                self.records[kind]["gaps"],
                self.records[kind]["persons"],
                self.unit.signed(self.value(kind)),
                self.span(kind),
            )
            for kind in kinds
        ]

        # A direction without conditions is told as well, and one of too few persons.
        def nothing(kind: str) -> tuple[Any, ...]:
            few = kind in self.hidden
            return (*(("suppressed",) * 3 if few else (0, 0, self.unit.write(0))), fmt.MISSING)

        of_gaps = sorted(self.hidden - {parts.UNSUPPORTED, parts.GAPS, parts.REVIEWED})
        if lowers is not True:
            place = len(gaps)
            rows[place:place] = [(parts.words(kind), *nothing(kind)) for kind in of_gaps]
            if not gaps and not of_gaps:
                rows.insert(0, ("Suspected", *nothing(parts.GAPS)))
        if parts.UNSUPPORTED not in kinds and lowers is not False:
            rows.append((parts.words(parts.UNSUPPORTED), *nothing(parts.UNSUPPORTED)))
        columns = ["kind", "to_review", "persons", "expected_change", "95 % interval"]
        return pd.DataFrame(rows, columns=columns)
