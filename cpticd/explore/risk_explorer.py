"""Risk adjustment in both directions: what to review, for whom, why, and what it is expected to change."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts
from cpticd.charts import format as fmt
from cpticd.charts import risk_parts
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.explore import dead_ends, tiles
from cpticd.explore.board import Control, chart, chosen
from cpticd.explore.explorer import FIRST, SO_FAR, Explorer
from cpticd.explore.identifiers import Identifiers
from cpticd.explore.pages import behind, behind_chart, page, table
from cpticd.explore.preparing import Tell
from cpticd.explore.risk_assessment import Assessment, assess
from cpticd.risk.review import persons, selected
from cpticd.risk.service_years import service_years

MODELS: Final = ("V28", "V24")
DIRECTIONS: Final = (("both", "both directions"), ("gaps", "gaps: not coded"),
                     ("unsupported", "unsupported: coded"))  # fmt: skip
_PERSONS: Final = ("person", "gaps", "unsupported", "raise_score", "lower_score", "net_score", "net_dollars",
                   "largest_condition")  # fmt: skip
_REVIEW: Final = ("condition", "kind", "confidence", "expected_score", "expected_dollars", "evidence", "codes",
                  "claims")  # fmt: skip
#: Of the rows that a saved notebook shows.
_FIRST: Final = ("person_id", "hcc", "label", "kind", "confidence", "expected_score", "evidence")
_TILES: Final = ("Persons to review", "Gaps", "Gaps: expected", "Unsupported", "Net, after review of both")
#: Controls that choose conditions.
FILTERS: Final = ("direction", "kind", "hcc", "min_confidence")
#: Rows of the matrix.
_CONDITIONS: Final = 14
NOTE: Final = (
    "A gap is evidence of a condition that the year's diagnoses do not name; an unsupported condition is a code whose "
    "support on claims is thin. Both are for a clinician and a coder to review with the record at hand; neither is a "
    "finding, and nothing is to be coded that is not documented."
)


def risk(
    claims: Claims,
    *,
    year: int,
    model: str = "V28",
    base_rate: float | None = None,
    member_months: Any = None,
    min_confidence: float = 0.0,
    identifiers: bool = False,
) -> RiskExplorer:
    """The explorer of gaps and unsupported conditions: filters, waterfall, conditions, persons, evidence over time.

    year, model: with which it opens; the year is one of service, and the payment year is the one after.
    base_rate: US dollars per member and month at score 1, with ``member_months`` as in ``risk.impact``; without it
        everything is in raw score.
    min_confidence: with which it opens.
    identifiers: persons and claims under their own names instead of pseudonyms.

    Another model or year is worked out when first chosen, then kept. ``.data`` is the review list as filtered. Raises
    ArgumentError for claims without members, and for a model or year without tables.

    >>> import cpticd as cx
    >>> page = cx.explore.risk(cx.simulate(persons=60, seed=1).claims, year=2025)
    >>> page.choose(direction="gaps", min_confidence=0.5)
    >>> bool((page.data["confidence"] >= 0.5).all())
    True
    """
    return RiskExplorer(
        claims, year=year, model=model, base_rate=base_rate, member_months=member_months,
        min_confidence=min_confidence, identifiers=identifiers,
    )  # fmt: skip


class RiskExplorer(Explorer):
    """See :func:`risk`. ``persons``, ``person`` (the one chosen) and ``timeline`` give back what the page shows."""

    name: ClassVar[str] = "risk"
    clicked: ClassVar[tuple[str, ...]] = ("person",)
    file_name: ClassVar[str] = "review_list.csv"
    title: ClassVar[str] = "Risk adjustment: what is not coded, and what is coded without support"

    _years: dict[str, list[int]]

    def __init__(
        self, claims: Claims, *, year: int, model: str, base_rate: float | None, member_months: Any,
        min_confidence: float, identifiers: bool,
    ) -> None:  # fmt: skip
        self._claims = claims
        self._money = {"base_rate": base_rate, "member_months": member_months}
        self._names = Identifiers(identifiers=identifiers)
        self._assessed: dict[tuple[str, int], Assessment] = {}
        if model not in MODELS:
            raise ArgumentError(f"model: found {model!r}; there are {', '.join(MODELS)}")
        self._last: tuple[str, pd.DataFrame] = ("", pd.DataFrame())
        self._start = (model, year, min_confidence)

        def prepare(tell: Tell) -> tuple[dict[str, list[int]], Assessment]:
            tell("1 of 2: members and years of service are read")
            years = {name: service_years(claims, name, dollars=base_rate is not None) for name in MODELS}
            if year not in years[model]:
                raise ArgumentError(
                    f"year: found {year!r}; {model} has tables and members for {years[model]}"
                )
            tell(f"2 of 2: gaps, unsupported conditions and what they change, {model}, {year}")
            return years, assess(claims, model, year, **self._money)

        given = {
            "year": year,
            "model": model,
            "base_rate": base_rate,
            "min_confidence": min_confidence or None,
        }
        asked = ", ".join(f"{key}={value!r}" for key, value in given.items() if value is not None)
        super().__init__(
            claims,
            self._controls_of((), (year,)),
            prepare=prepare,
            tiles=_TILES,
            call=f"risk(claims, {asked})",
        )

    def opened(self, found: Any) -> list[Control]:
        self._years, assessed = found
        self._keep(assessed, *self._start[:2])
        every = sorted({one for years in self._years.values() for one in years})
        return self._controls_of(assessed.conditions, every)

    def _controls_of(self, conditions: Sequence[tuple[str, str]], every: Sequence[int]) -> list[Control]:
        model, year, confidence = self._start
        kinds = [(name, label) for name, (_, label) in risk_parts.KINDS.items()]
        return [
            Control("select", "model", "Model", model, tuple((name, f"CMS-HCC {name}") for name in MODELS)),
            Control("select", "year", "Service year", year, tuple((one, str(one)) for one in every)),
            Control("select", "direction", "Direction", "both", DIRECTIONS),
            Control("several", "kind", "Kind", "", (("", "every kind"), *kinds)),
            Control("several", "hcc", "Condition", "", (("", "every condition"), *conditions)),
            Control("range", "min_confidence", "Least confidence", confidence, (), 0, 1, 0.05),
            Control("button", "export", "Export the review list"),
        ]  # fmt: skip

    # -- the analyses ------------------------------------------------------------------------------

    def _of(self, model: str, year: int) -> Assessment:
        """Both directions of a model and year, worked out once."""
        if (model, year) not in self._assessed:
            self._keep(assess(self._claims, model, year, **self._money), model, year)
        return self._assessed[model, year]

    def _keep(self, found: Assessment, model: str, year: int) -> None:
        # Numbered in the order of the first ranking, whatever is filtered later.
        self._names.column(found.review["person_id"], "person")
        self._assessed[model, year] = found

    @property
    def _now(self) -> Assessment:
        return self._of(self.value("model"), self.value("year"))

    def _settle(self) -> None:
        """A model without the year gets its last, and the conditions to choose from are the model's."""
        values, model, year = self.values, self.value("model"), self.value("year")
        year = year if year in self._years[model] else self._years[model][-1]
        if (model, year) not in self._assessed:
            self.board.said = f"Working out {model}, {year} …"
        conditions = self._of(model, year).conditions
        place = [control.name for control in self._controls].index("hcc")
        before = dict(self._controls[place].options)
        # The same number is another condition in another model.
        kept = [one for one in chosen(self.value("hcc")) if (one, before.get(one)) in conditions]
        hcc = kept if len(kept) > 1 else "".join(kept)
        if (str(year), hcc) != (values["year"], values["hcc"]):
            self._set(values | {"year": str(year), "hcc": hcc})
        options = (("", "every condition"), *conditions)
        if self._controls[place].options != options:
            self._controls[place] = replace(self._controls[place], options=options)
            self.board.controls = [control.spec() for control in self._controls]

    def _part(self, *, clicked: bool = True) -> pd.DataFrame:
        """The impact that the filters choose; without those that a click sets where the matrix asks."""
        of = {name: self.value(name) for name in ("kind", "hcc")} if clicked else {}
        return selected(
            self._now.impact,
            direction=self.value("direction"),
            min_confidence=self.value("min_confidence"),
            **of,
        )

    # -- what a notebook reads ---------------------------------------------------------------------

    @property
    def impact(self) -> pd.DataFrame:
        """One row per person and open condition as filtered, with its totals."""
        key = json.dumps(self.values, sort_keys=True)
        if self._last[0] != key:
            self._last = (key, self._part())
        return self._last[1]

    @property
    def data(self) -> pd.DataFrame:
        """One row per person and condition to review as filtered, with its evidence; the largest change first."""
        rows, direction = self._now.review, self.value("direction")
        kept = rows["confidence"] >= self.value("min_confidence")
        if direction != "both":
            kept &= (rows["kind"] == risk_parts.UNSUPPORTED) == (direction == risk_parts.UNSUPPORTED)
        for name in ("kind", "hcc"):
            if self.value(name) is not None:
                kept &= rows[name].isin(chosen(self.value(name)))
        return rows[kept].reset_index(drop=True)

    @property
    def persons(self) -> pd.DataFrame:
        """One row per person as filtered, those expected to change most first."""
        return persons(self.impact)

    @property
    def person(self) -> str | None:
        """The identifier of the person whose timeline is shown: the one chosen, else the first."""
        ranked = self._ranked()
        return None if ranked.empty else str(ranked["person_id"].iloc[self._place(ranked)])

    def _ranked(self) -> pd.DataFrame:
        found = self.persons.rename(columns={"label": "largest_condition"})
        found["person"] = self._names.column(found["person_id"], "person")
        return found

    def _place(self, ranked: pd.DataFrame) -> int:
        """Where the person who is shown stands."""
        names = ranked["person"].tolist()
        chosen = self.extra.get("person")
        return names.index(chosen) if chosen in names else 0

    @property
    def timeline(self) -> pd.DataFrame:
        """One row per claim and diagnosis of the person who is chosen."""
        every = self._now.timeline
        return every[every["person_id"] == self.person].reset_index(drop=True)

    @property
    def figure(self) -> go.Figure:
        """The waterfall as shown."""
        return charts.impact(self.impact)

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel; persons and claims are numbered as on the page unless ``identifiers``."""
        return self._names.export(self.data, path, overwrite=overwrite, identifiers=identifiers)

    def shareable(self) -> pd.DataFrame:
        """The first rows of ``data`` as they may be saved with a notebook."""
        return self._names.frame(self.data.head(FIRST))[list(_FIRST)]

    def shareable_tiles(self) -> list[tiles.Tile]:
        return tiles.kept_risk(self.impact)

    # -- the page ----------------------------------------------------------------------------------

    def parts(self) -> Iterator[dict[str, Any]]:
        self._settle()
        impact = self.impact
        yield {"kind": "tiles", "name": "tiles", "tiles": tiles.risk(impact)}
        if self.data.empty and (set_ := [each for each in self._controls if each.name in FILTERS]):
            yield dead_ends.nothing_passes(set_, self.values, "No condition to review")
        waterfall = charts.impact(impact)
        yield chart("waterfall", waterfall, label="From coded to reviewed, by kind",
                    table=behind_chart(waterfall), clickable=True)  # fmt: skip
        yield SO_FAR
        matrix = charts.impact_matrix(self._part(clicked=False), max_rows=_CONDITIONS).update_xaxes(
            tickfont_size=11
        )
        behind_matrix = behind_chart(matrix)
        matrix.update_yaxes(ticktext=[fmt.short(name, 32) for name in matrix.layout.yaxis.tickvals or ()])
        yield chart("matrix", matrix, label="Conditions by kind", table=behind_matrix, clickable=True,
                    note="Click a cell to see its persons alone; click it again to see all.")  # fmt: skip
        yield SO_FAR
        ranked = self._ranked()
        row = ranked.iloc[self._place(ranked)] if len(ranked) else None
        name = "" if row is None else str(row["person"])
        shown = page(ranked, self.extra, name="persons")
        here = shown.rows["person"].tolist()
        yield table("persons", shown, _PERSONS, title=f"Persons, the largest expected change first: {len(ranked):,}",
                    selectable=True, selected=here.index(name) if name in here else None)  # fmt: skip
        if row is not None:
            yield from self._of_person(name, str(row["person_id"]))
        yield {"kind": "text", "name": "note", "paragraphs": [NOTE]}

    def _of_person(self, person: str, identifier: str) -> list[dict[str, Any]]:
        """The chosen person's timeline and review list."""
        data, every = self.data, self._now.timeline
        mine, coded = data[data["person_id"] == identifier], every[every["person_id"] == identifier]
        shown = mine.assign(
            condition=_conditions(mine), kind=mine["kind"].map(risk_parts.words),
            codes=mine["evidence_codes"].map(fmt.words),
            claims=self._names.column(mine["evidence_claims"], "claim"),
        )  # fmt: skip
        by_claim = coded.assign(
            condition=_conditions(coded), claim=self._names.column(coded["claim_id"], "claim")
        )
        columns = ["claim_date", "condition", "diagnosis_code", "claim", "setting", "counted", "reason"]
        return [
            table("review", shown, _REVIEW, title=f"To review of {person}"),
            chart("timeline", charts.timeline(coded, mine), label=f"Conditions of {person} over time",
                  table=behind(by_claim, columns)),
        ]  # fmt: skip

    def said(self) -> str:
        reviewed = risk_parts.totals(self.impact, "explore")[risk_parts.REVIEWED]
        found = f"{reviewed['gaps']:,} conditions of {reviewed['persons']:,} persons to review"
        return f"{self.values['model']}, service year {self.values['year']}: {found}"

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        if "person" in extra and extra["person"] not in self._names.column(
            self._now.review["person_id"], "person"
        ):
            raise ArgumentError(f"person: found {extra['person']!r}; give a person as the page shows it")

    def on_event(self, event: Mapping[str, Any]) -> None:
        if event.get("kind") == "row" and event.get("part") == "persons":
            rows = page(self._ranked(), self.extra, name="persons").rows["person"].tolist()
            if 0 <= int(event["row"]) < len(rows):
                self._extra["person"] = rows[int(event["row"])]
        elif event.get("kind") == "point" and event.get("part") == "matrix":
            names = {html.unescape(label): hcc for hcc, label in self._now.conditions}
            hcc = names.get(html.unescape(str(event.get("y"))), "")
            kind = str(event.get("x")) if event.get("x") in risk_parts.KINDS else ""
            self._toggle(hcc=hcc, kind=kind)
        elif event.get("kind") == "point" and event.get("y") in risk_parts.KINDS:
            self._toggle(kind=str(event["y"]))


def _conditions(rows: pd.DataFrame) -> list[str]:
    return [risk_parts.condition(hcc, label) for hcc, label in zip(rows["hcc"], rows["label"], strict=True)]
