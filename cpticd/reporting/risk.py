"""Risk adjustment for the report: the analyses of both directions, run once, for the last complete year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from cpticd import risk
from cpticd.charts import format as fmt
from cpticd.charts import risk_parts as parts
from cpticd.core.contract import records_of
from cpticd.core.errors import ArgumentError, CpticdError
from cpticd.risk import tables

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.reporting.findings import Findings

#: Every part in the order in which it is gathered: name, and what the progress bar says.
PARTS: Final[tuple[tuple[str, str], ...]] = (
    ("risk_gaps", "suspected conditions"),
    ("risk_unsupported", "unsupported conditions"),
    ("risk_impact", "impact of both directions"),
    ("risk_prevalence", "prevalence of conditions"),
    ("risk_persistence", "recapture"),
)
#: Parts without which there is no section.
NEEDED: Final = ("risk_gaps", "risk_unsupported", "risk_impact")
#: The reason of a section that is not there.
ABSENT: Final = "risk"
#: A year is complete once claims reach into this month of it, or beyond.
LAST_MONTH: Final = 12


@dataclass(frozen=True)
class Options:
    """What the user may choose: model, payment year (last complete year + 1), dollars per member and month."""

    model: str = "V28"
    payment_year: int | None = None
    base_rate: float | None = None

    def __post_init__(self) -> None:
        if self.model not in tables.MODELS:
            raise ArgumentError(f"no risk adjustment model {self.model!r}; there are {list(tables.MODELS)}")
        if self.payment_year is not None:
            tables.check_model(self.model, self.payment_year)
        if self.base_rate is not None and not self.base_rate > 0:
            raise ArgumentError(
                f"base_rate: found {self.base_rate!r}; give US dollars per member and month at score 1, above 0"
            )


def service_year(claims: Claims, payment_year: int | None = None) -> int:
    """The year before ``payment_year``, else the last with members whose claims reach its last month.

    Raises ArgumentError where there is no such year, or nobody is a member in it.
    """
    years = claims.query("SELECT DISTINCT year FROM members ORDER BY year")["year"].tolist()
    if not years:
        raise ArgumentError(
            "the claims name no members, whose age, sex and enrolment a risk score needs; load the table "
            "'members' with them (X12 files hold none)"
        )
    if payment_year is not None:
        if payment_year - 1 not in years:
            raise ArgumentError(
                f"nobody is a member in {payment_year - 1}, the service year of payment year {payment_year}; "
                f"members are of {', '.join(map(str, years))}"
            )
        return payment_year - 1
    last = claims.query("SELECT max(claim_end_date) AS day FROM claims")["day"][0]
    complete = [year for year in years if not pd.isna(last) and (last.year, last.month) >= (year, LAST_MONTH)]
    if not complete:
        until = "have no dates" if pd.isna(last) else f"end on {last:%Y-%m-%d}"
        raise ArgumentError(
            f"no complete year: members are of {', '.join(map(str, years))}, claims {until}; "
            "choose a payment_year to use the year before it as it is"
        )
    return int(complete[-1])


def gather(claims: Claims, found: Findings, options: Options, step: Callable[[str], None]) -> None:
    """Add every part to ``found``, or the reason why it is not there; ``step`` is told each before it starts."""
    try:
        year = service_year(claims, options.payment_year)
    except CpticdError as error:
        found.reasons[ABSENT] = str(error)
        return
    shared: dict[str, Any] = {"model": options.model, "payment_year": year + 1}
    parts: dict[str, Callable[[], pd.DataFrame]] = {
        "risk_gaps": lambda: risk.gaps(claims, year=year, **shared),
        "risk_unsupported": lambda: risk.unsupported(claims, year=year, **shared),
        "risk_impact": lambda: risk.impact(
            claims,
            found.frames["risk_gaps"],
            unsupported=found.frames["risk_unsupported"],
            base_rate=options.base_rate,
            **shared,
        ),
        "risk_prevalence": lambda: risk.prevalence(
            claims, found.frames["risk_gaps"], found.frames["risk_unsupported"], year=year, **shared
        ),
        "risk_persistence": lambda: risk.persistence(claims, model=options.model),
    }
    for name, label in PARTS:
        step(label)
        try:
            found.frames[name] = parts[name]()
        except CpticdError as error:
            found.reasons[name] = str(error)
            if name in NEEDED:
                found.reasons[ABSENT] = str(error)
                return


class Totals:
    """The totals of an impact, by kind, in dollars where it has them."""

    def __init__(self, impact: pd.DataFrame) -> None:
        self.records = parts.totals(impact, "report")
        self.unit = parts.unit(impact, None, "report")
        self.kinds = parts.steps(self.records)
        #: Kinds that are of too few persons to be shown.
        self.hidden = frozenset(map(str, records_of(impact).get("hidden_kinds", ())))

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
