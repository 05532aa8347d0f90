"""One diagnosis, two ledgers: families whose unspecified codes are denied and leave risk adjustment open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts, disclosure, specificity
from cpticd import risk as analyses
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.contract import terms_of
from cpticd.core.errors import ArgumentError
from cpticd.explore import dead_ends, tiles
from cpticd.explore.board import Control, chart, chosen
from cpticd.explore.explorer import SO_FAR, Explorer
from cpticd.explore.pages import behind, page, table
from cpticd.explore.preparing import Tell
from cpticd.reference import icd10cm
from cpticd.specificity.ledger_totals import totals
from cpticd.specificity.priced import priced
from cpticd.specificity.siblings import siblings_in_claims

FAMILY: Final = "diagnosis_family"
AXES: Final = (("excess", "beyond what specific codes are"), ("all", "all under unspecified codes"))
SHOW: Final = (("", "every family"), ("twice", "pays twice"), ("gaps", "with open gaps"))
_SIDES: Final = (
    "persons", "both_persons", "unspecified_lines", "denied_lines", "expected_denials",
    "denied_allowed_amount", "excess_allowed_amount", "gaps", "expected_gaps", "expected_score", "expected_dollars",
    "pays_twice",
)  # fmt: skip
_CATEGORY: Final = ("diagnosis_category", "title", *_SIDES)
_CODES: Final = (
    "diagnosis_code",
    "title",
    "claims",
    "unspecified_lines",
    "unspecified_amount",
    "specific_siblings",
)
_SIBLINGS: Final = ("code", "title", "claims_here")
_PROVIDERS: Final = (
    "rendering_npi", "claims", "diagnoses", "unspecified", "unspecified_share", "low", "high", "unspecified_amount",
)  # fmt: skip
#: Base rate at which the ledgers are worked out once: large, so that rounding to cents does not tell.
_UNIT: Final = 1_000_000.0
_TILES: Final = ("Lines with an unspecified code", "Denied of them", "Denied beyond specific codes", "Open gaps",
                 "Risk adjustment, expected", "Families that cost twice")  # fmt: skip
NOTE: Final = (
    "An unspecified code is not an error: often nothing more is known. Denied beyond specific codes means: more than "
    "lines of the same payer, procedure and diagnosis category with a specific code, if nothing but the code differs, "
    "which claims cannot tell. What risk adjustment expects is evidence for review, each condition weighted by its "
    "confidence. A code is made specific where the record is, by whoever treats the patient."
)


def two_ledgers(
    claims: Claims,
    gaps: pd.DataFrame | None = None,
    *,
    impact: pd.DataFrame | None = None,
    year: int | None = None,
    model: str = "V28",
    base_rate: float = 0.0,
) -> TwoLedgersExplorer:
    """The explorer of both ledgers: diagnosis families by denials and by risk adjustment, codes, providers.

    claims: any claims, or a selection of them, for both ledgers; of the gaps' year, unless they were selected by dates.
    gaps, impact: of ``risk.gaps`` and ``risk.impact``; without them they are worked out, of service ``year`` and
        ``model``. An ``impact`` needs a payment factor.
    base_rate: US dollars per member and month at score 1, with which it opens; 0 gives risk adjustment in score.

    ``.data`` is one row per family as filtered, the largest part of both ledgers first. Raises ArgumentError where
    neither gaps nor a year are given, for claims without members, and what the analyses raise.

    >>> import cpticd as cx
    >>> claims = cx.simulate(persons=60, seed=1).claims
    >>> page = cx.explore.two_ledgers(claims, cx.risk.gaps(claims, year=2025, kinds=["lapsed"], quiet=True))
    >>> page.choose(base_rate=900)
    >>> page.selection
    {'dates': ('2025-01-01', '2025-12-31')}
    """
    if gaps is None and year is None:
        raise ArgumentError(
            "two_ledgers: give gaps=risk.gaps(claims, year=…), or the year of service to find them in"
        )
    if gaps is not None and impact is None and terms_of(gaps).get("payment_year") is None:
        raise ArgumentError(
            "two_ledgers: gaps without a contract; give the DataFrame of risk.gaps, or impact="
        )
    return TwoLedgersExplorer(claims, gaps, impact, year=year, model=model, base_rate=base_rate)


@dataclass(frozen=True)
class Prepared:
    """Both ledgers by family and by category; unspecified codes and providers; the days that they are of."""

    families: pd.DataFrame
    categories: pd.DataFrame
    codes: pd.DataFrame
    providers: pd.DataFrame
    dates: dict[str, Any]


def _prepared(
    claims: Claims,
    gaps: pd.DataFrame | None,
    impact: pd.DataFrame | None,
    *,
    tell: Tell,
    year: int | None,
    model: str,
) -> Prepared:
    if gaps is None and year is not None:
        tell(f"1 of 3: gaps of {year}")
        gaps, impact = analyses.gaps(claims, year=year, model=model, quiet=True), None
    assert gaps is not None
    of = terms_of(gaps)
    if impact is None:
        tell("2 of 3: what they are worth")
        impact = analyses.impact(claims, gaps, model=of.get("model", model), payment_year=of["payment_year"])
    tell("3 of 3: both ledgers, by family, category, code and provider")
    worth = impact.drop(columns=["expected_dollars"], errors="ignore")
    priced_: dict[str, Any] = {"impact": worth, "base_rate": _UNIT}
    families = specificity.two_ledgers(claims, gaps, **priced_)
    categories = specificity.two_ledgers(claims, gaps, by="diagnosis_category", **priced_)
    dated = of.get("year") is not None and "dates" not in claims.selection
    dates = {"dates": (f"{of['year']}-01-01", f"{of['year']}-12-31")} if dated else {}
    of_dates = claims.where(**dates) if dated else claims
    codes = specificity.share(of_dates, by=[FAMILY, "diagnosis_category", "diagnosis_code"])
    codes["title"] = icd10cm.title(codes["diagnosis_code"]).to_numpy()
    return Prepared(
        families, categories, codes, specificity.share(of_dates, by=[FAMILY, "rendering_npi"]), dates
    )


class TwoLedgersExplorer(Explorer):
    """See :func:`two_ledgers`. ``codes``, ``siblings``, ``categories`` and ``providers`` are of the chosen families."""

    name: ClassVar[str] = "two_ledgers"
    clicked: ClassVar[tuple[str, ...]] = ("code",)
    file_name: ClassVar[str] = "two_ledgers.csv"
    title: ClassVar[str] = (
        "One diagnosis, two ledgers: where unspecified coding costs in denials and in risk adjustment"
    )

    _families: pd.DataFrame
    _categories: pd.DataFrame
    _codes: pd.DataFrame
    _providers: pd.DataFrame
    _dates: dict[str, Any]

    def __init__(
        self, claims: Claims, gaps: pd.DataFrame | None, impact: pd.DataFrame | None, *, year: int | None,
        model: str, base_rate: float,
    ) -> None:  # fmt: skip
        self._siblings: dict[str, pd.DataFrame] = {}
        self._base_rate = float(base_rate)

        def prepare(tell: Tell) -> Prepared:
            return _prepared(claims, gaps, impact, tell=tell, year=year, model=model)

        given = {"year": year, "model": model if gaps is None else None, "base_rate": base_rate or None}
        asked = ["claims", *(["gaps"] if gaps is not None else [])]
        asked += [f"{key}={value!r}" for key, value in given.items() if value is not None]
        super().__init__(
            claims,
            self._controls_of([]),
            prepare=prepare,
            tiles=_TILES,
            call=f"two_ledgers({', '.join(asked)})",
        )

    def opened(self, found: Any) -> list[Control]:
        self._families, self._categories = found.families, found.categories
        self._codes, self._providers, self._dates = found.codes, found.providers, found.dates
        return self._controls_of(self._families[FAMILY].tolist())

    def _controls_of(self, families: list[str]) -> list[Control]:
        options = (("", "none chosen"), *((name, name) for name in families))
        return [
            Control("several", FAMILY, "Diagnosis family", "", options),
            Control("select", "denials", "Denied dollars", "excess", AXES),
            Control("select", "show", "Show", "", SHOW),
            Control(
                "number", "base_rate", "Base rate: $ per member and month", self._base_rate, (), 0, None, 50
            ),
            Control("button", "export", "Export the families"),
        ]

    # -- what a notebook reads ---------------------------------------------------------------------

    @property
    def selection(self) -> dict[str, Any]:
        """The year of both ledgers, and the families that are chosen, of those that any line is of."""
        there = set(self._codes[FAMILY])
        found = [family for family in self._chosen if family in there]
        return self._dates | ({FAMILY: found if len(found) > 1 else found[0]} if found else {})

    @property
    def _chosen(self) -> list[str]:
        """The families that are chosen."""
        return chosen(self.value(FAMILY))

    def _priced(self, frame: pd.DataFrame) -> pd.DataFrame:
        return priced(frame, self.value("base_rate") or None)

    @property
    def data(self) -> pd.DataFrame:
        """One row per family as filtered, both ledgers side by side."""
        rows = self._priced(self._families)
        if self.value("show") == "twice":
            rows = rows[rows["pays_twice"].astype(bool)]
        elif self.value("show") == "gaps":
            rows = rows[rows["gaps"].fillna(0) > 0]
        return rows.reset_index(drop=True)

    @property
    def codes(self) -> pd.DataFrame:
        """One row per unspecified code of the family that has a specific sibling, the most claims first."""
        rows = self._codes[self._codes[FAMILY].isin(self._chosen) & (self._codes["with_specific"] > 0)]
        rows = rows.sort_values(
            ["unspecified_amount", "claims", "diagnosis_code"], ascending=[False, False, True]
        )
        return rows.reset_index(drop=True)

    @property
    def categories(self) -> pd.DataFrame:
        """One row per category (three characters) of the family's codes, both ledgers side by side."""
        mine = self._codes.loc[self._codes[FAMILY].isin(self._chosen), "diagnosis_category"]
        rows = self._priced(self._categories)
        rows = rows[rows["diagnosis_category"].isin(mine)].reset_index(drop=True)
        rows.insert(1, "title", icd10cm.title(rows["diagnosis_category"]).to_numpy())
        return rows

    @property
    def providers(self) -> pd.DataFrame:
        """One row per rendering provider of the family's codes, those with the most unspecified dollars first."""
        rows = self._providers[self._providers[FAMILY].isin(self._chosen)]
        rows = rows[rows["unspecified"] > 0].assign(_npi=lambda frame: frame["rendering_npi"].astype("str"))
        rows = rows.sort_values(["unspecified_amount", "unspecified", "_npi"], ascending=[False, False, True])
        return rows.drop(columns="_npi").reset_index(drop=True)

    @property
    def siblings(self) -> pd.DataFrame:
        """One row per specific code beside the chosen one in the code set: code, title, claims here that have it."""
        return self._beside(str(self.extra.get("code", "")))

    def _beside(self, code: str) -> pd.DataFrame:
        """The siblings of a code, looked up once: the claims and the code set stay as they are."""
        if code not in self._siblings:
            self._siblings[code] = siblings_in_claims(code, self._codes)
        return self._siblings[code].copy()

    @property
    def figure(self) -> go.Figure:
        """Both ledgers as shown."""
        return charts.two_ledgers(self.data, denials=self.value("denials"))

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel; families of fewer persons than may be shown are suppressed."""
        return disclosure.export(self.shareable(), path, overwrite=overwrite, identifiers=identifiers)

    def shareable(self) -> pd.DataFrame:
        """``data`` as it may leave: as the analysis declares it, cells of few persons are missing in either ledger."""
        return disclosure.Release(self._claims).add("families", self.data)["families"]

    def shareable_tiles(self) -> list[tiles.Tile]:
        """Of the sums those to which nothing is missing in the families that may leave."""
        return tiles.kept(self._tiles(self.data), self._tiles(self.shareable()))

    def _tiles(self, data: pd.DataFrame) -> list[tiles.Tile]:
        return tiles.two_ledgers(totals(data[data[FAMILY].isin(self._chosen)] if self._chosen else data))

    # -- the page ----------------------------------------------------------------------------------

    def parts(self) -> Iterator[dict[str, Any]]:
        data, families = self.data, self._chosen
        yield {"kind": "tiles", "name": "tiles", "tiles": self._tiles(data)}
        if data.empty:
            shown_ = [each for each in self._controls if each.name == "show"]
            yield dead_ends.nothing_passes(shown_, self.values, "No family")
            return
        yield chart("ledgers", self.figure, label="Denials against risk adjustment, by diagnosis family",
                    table=behind(data, [FAMILY, *_SIDES]), clickable=True,
                    note="Click a family, or choose some above, to see their codes, siblings and providers."
                    )  # fmt: skip
        yield SO_FAR
        shown = page(data, self.extra, name="families")
        here = shown.rows[FAMILY].tolist()
        yield table("families", shown, [FAMILY, *_SIDES], selectable=True,
                    title=f"Families, the largest part of both ledgers first: {len(data):,}",
                    selected=next((here.index(each) for each in families if each in here), None))  # fmt: skip
        if families:
            yield from self._of_family(" + ".join(families))
        yield {"kind": "text", "name": "note", "paragraphs": [NOTE]}

    def _of_family(self, family: str) -> list[dict[str, Any]]:
        """Categories, codes, siblings of a code and providers of the chosen families, which are named."""
        codes = page(self.codes, self.extra, name="codes")
        code, here = self.extra.get("code"), codes.rows["diagnosis_code"].tolist()
        first = [_first(self._beside(one)) for one in here]
        codes = replace(codes, rows=codes.rows.assign(specific_siblings=first))
        parts = [
            table("categories", page(self.categories, self.extra, name="categories"), _CATEGORY,
                  title=f"{family}: categories in both ledgers"),
            table("codes", codes, _CODES, title=f"{family}: unspecified codes that have a specific sibling",
                  selectable=True, selected=here.index(code) if code in here else None),
        ]  # fmt: skip
        if code in self.codes["diagnosis_code"].tolist():
            title = self.codes.set_index("diagnosis_code")["title"][str(code)]
            parts.append(table("siblings", page(self.siblings, self.extra, name="siblings"), _SIBLINGS,
                               title=f"Specific codes beside {code}, {title}"))  # fmt: skip
        parts.append(table("providers", page(self.providers, self.extra, name="providers"), _PROVIDERS,
                           title=f"{family}: providers with unspecified codes"))  # fmt: skip
        return parts

    def said(self) -> str:
        named = " + ".join(self._chosen)
        return f"{len(self.data):,} families" + (
            f"; {named}: {len(self.codes):,} unspecified codes" if named else ""
        )

    def check_extra(self, extra: Mapping[str, Any]) -> None:
        if extra.get("code", "") not in ["", *self._codes["diagnosis_code"]]:
            raise ArgumentError(f"code: found {extra['code']!r}; give a code of the claims")

    def on_event(self, event: Mapping[str, Any]) -> None:
        part, kind = event.get("part"), event.get("kind")
        if kind == "row" and part == "families":
            self._choose_family(
                page(self.data, self.extra, name="families").rows[FAMILY].tolist(), int(event["row"])
            )
        elif kind == "row" and part == "codes":
            rows = page(self.codes, self.extra, name="codes").rows["diagnosis_code"].tolist()
            if 0 <= int(event["row"]) < len(rows):
                self._extra["code"] = rows[int(event["row"])]
        elif kind == "point" and event.get("custom"):
            names = {fmt.safe(name): name for name in self._families[FAMILY]}
            name = names.get(str(event["custom"][0]))
            self._choose_family([name] if name else [], 0)

    def _choose_family(self, names: list[str], row: int) -> None:
        if 0 <= row < len(names):
            self._toggle(**{FAMILY: names[row]})
            self._extra.pop("code", None)
            self._extra.pop("page", None)


def _first(specific: pd.DataFrame, most: int = 3) -> str:
    """The first specific siblings in words, and how many there are."""
    named = [f"{row.code} {row.title}" for row in specific.head(most).itertuples()]
    return "; ".join(named) + (f"; {len(specific) - most} more" if len(specific) > most else "")
