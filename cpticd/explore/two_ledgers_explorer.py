"""One diagnosis, two ledgers: families whose unspecified codes are denied and leave risk adjustment open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, Unpack

import pandas as pd
import plotly.graph_objects as go

from cpticd import charts, cohort, disclosure, specificity
from cpticd import risk as analyses
from cpticd.charts import format as fmt
from cpticd.claims import Claims
from cpticd.core.contract import said
from cpticd.core.errors import ArgumentError
from cpticd.explore import ledger_words
from cpticd.explore.board import Control, chart
from cpticd.explore.explorer import SO_FAR, Explorer
from cpticd.explore.pieces import behind, page, service_years, table, toggled
from cpticd.reference import icd10cm
from cpticd.specificity.priced import priced
from cpticd.specificity.siblings import specific_siblings

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
#: Columns of one ledger alone, for disclosure control.
_LEDGERS: Final = {
    "denial_persons": (
        "unspecified_lines", "compared_lines", "denied_lines", "expected_denials", "charge_amount", "denied_amount",
        "denied_allowed_amount", "excess_amount", "excess_allowed_amount", "excess_low_amount", "excess_high_amount",
    ),
    "risk_persons": (
        "gaps", "expected_gaps", "unspecified_gaps", "expected_score", "expected_dollars",
        "unspecified_expected_score", "unspecified_expected_dollars",
    ),
}  # fmt: skip
#: Base rate at which the ledgers are worked out once: large, so that rounding to cents does not tell.
_UNIT: Final = 1_000_000.0
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
    **filters: Unpack[cohort.Filters],
) -> TwoLedgersExplorer:
    """The explorer of both ledgers: diagnosis families by denials and by risk adjustment, codes, providers.

    gaps, impact: of ``risk.gaps`` and ``risk.impact``; without them they are worked out, of service ``year`` (None:
        the last complete one with members) and ``model``. An ``impact`` needs a payment factor.
    base_rate: US dollars per member and month at score 1, with which it opens; 0 tells risk adjustment in score.
    filters: as in ``specificity.two_ledgers``, for both ledgers.

    ``.data`` is one row per family as filtered, the largest part of both ledgers first. Raises ArgumentError for claims
    without members, and what the analyses raise.
    """
    if gaps is None:
        service = service_years(claims)[-1] if year is None else year
        gaps = analyses.gaps(claims, year=service, model=model)
        impact = None
    told = said(gaps)
    if impact is None:
        paid = told.get("payment_year")
        if paid is None:
            raise ArgumentError(
                "two_ledgers: gaps without a contract; give the DataFrame of risk.gaps, or impact="
            )
        impact = analyses.impact(claims, gaps, model=told.get("model", model), payment_year=paid)
    return TwoLedgersExplorer(claims, gaps, impact, base_rate=base_rate, filters=filters)


class TwoLedgersExplorer(Explorer):
    """See :func:`two_ledgers`. ``codes``, ``siblings``, ``categories`` and ``providers`` are of the chosen family."""

    file_name: ClassVar[str] = "two_ledgers.csv"
    title: ClassVar[str] = (
        "One diagnosis, two ledgers: where unspecified coding costs in denials and in risk adjustment"
    )

    def __init__(
        self, claims: Claims, gaps: pd.DataFrame, impact: pd.DataFrame, *, base_rate: float, filters: cohort.Filters
    ) -> None:  # fmt: skip
        worth = impact.drop(columns=["expected_dollars"], errors="ignore")
        worth.attrs = {}
        told: dict[str, Any] = {"impact": worth, "base_rate": _UNIT, **filters}
        self._families = specificity.two_ledgers(claims, gaps, **told)
        self._categories = specificity.two_ledgers(claims, gaps, by="diagnosis_category", **told)
        year = said(gaps).get("year")
        if year is not None and filters.get("dates") is None:
            filters["dates"] = (f"{year}-01-01", f"{year}-12-31")
        self._codes = specificity.share(
            claims, by=[FAMILY, "diagnosis_category", "diagnosis_code"], **filters
        )
        self._codes.attrs = {}
        self._siblings: dict[str, pd.DataFrame] = {}
        self._codes["title"] = icd10cm.title(self._codes["diagnosis_code"]).to_numpy()
        self._providers = specificity.share(claims, by=[FAMILY, "rendering_npi"], **filters)
        self._providers.attrs = {}
        names = [(name, name) for name in self._families[FAMILY]]
        super().__init__([
            Control("select", "family", "Diagnosis family", "", (("", "none chosen"), *names)),
            Control("select", "denials", "Denied dollars", "excess", AXES),
            Control("select", "show", "Show", "", SHOW),
            Control("number", "base_rate", "Base rate: $ per member and month", float(base_rate), (), 0, None, 50),
            Control("button", "export", "Export the families"),
        ])  # fmt: skip

    # -- what a notebook reads ---------------------------------------------------------------------

    def _priced(self, frame: pd.DataFrame) -> pd.DataFrame:
        return priced(frame, float(self.values["base_rate"]) or None)

    @property
    def data(self) -> pd.DataFrame:
        """One row per family as filtered, both ledgers side by side."""
        rows = self._priced(self._families)
        if self.values["show"] == "twice":
            rows = rows[rows["pays_twice"].astype(bool)]
        elif self.values["show"] == "gaps":
            rows = rows[rows["gaps"].fillna(0) > 0]
        return rows.reset_index(drop=True)

    @property
    def codes(self) -> pd.DataFrame:
        """One row per unspecified code of the family that has a specific sibling, the most claims first."""
        rows = self._codes[
            (self._codes[FAMILY] == self.values["family"]) & (self._codes["with_specific"] > 0)
        ]
        rows = rows.sort_values(
            ["unspecified_amount", "claims", "diagnosis_code"], ascending=[False, False, True]
        )
        return rows.reset_index(drop=True)

    @property
    def categories(self) -> pd.DataFrame:
        """One row per category (three characters) of the family's codes, both ledgers side by side."""
        mine = self._codes.loc[self._codes[FAMILY] == self.values["family"], "diagnosis_category"]
        rows = self._priced(self._categories)
        rows = rows[rows["diagnosis_category"].isin(mine)].reset_index(drop=True)
        rows.insert(1, "title", icd10cm.title(rows["diagnosis_category"]).to_numpy())
        return rows

    @property
    def providers(self) -> pd.DataFrame:
        """One row per rendering provider of the family's codes, those with the most unspecified dollars first."""
        rows = self._providers[self._providers[FAMILY] == self.values["family"]]
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
            beside = specific_siblings(code)
            claims = self._codes.groupby("diagnosis_code")["claims"].max()
            beside["claims_here"] = beside["code"].map(claims).fillna(0).astype("int64")
            self._siblings[code] = beside.sort_values(
                ["claims_here", "code"], ascending=[False, True], ignore_index=True
            )
        return self._siblings[code].copy()

    @property
    def figure(self) -> go.Figure:
        """Both ledgers as shown."""
        return charts.two_ledgers(self.data, denials=self.values["denials"])

    def export(self, path: str | Path, *, overwrite: bool = False, identifiers: bool = False) -> Path:
        """Write ``data`` as CSV or Excel; families of fewer persons than may be shown are suppressed."""
        return disclosure.export(self.shareable(), path, overwrite=overwrite, identifiers=identifiers)

    def shareable(self) -> pd.DataFrame:
        """``data`` as it may leave: cells of few persons are missing, in either ledger."""
        return disclosure.protect(self.data, by=FAMILY, persons="persons", numerators=_LEDGERS)

    # -- the page ----------------------------------------------------------------------------------

    def parts(self) -> Iterator[dict[str, Any]]:
        data, family = self.data, self.values["family"]
        yield {"kind": "tiles", "name": "tiles", "tiles": ledger_words.tiles(data, str(family))}
        yield chart("ledgers", self.figure, label="Denials against risk adjustment, by diagnosis family",
                    table=behind(data, [FAMILY, *_SIDES]), clickable=True,
                    note="Click a family, or choose it above, to see its codes, their siblings and providers."
                    )  # fmt: skip
        yield SO_FAR
        shown = page(data, self.extra, name="families")
        here = shown.rows[FAMILY].tolist()
        yield table("families", shown, [FAMILY, *_SIDES], selectable=True,
                    title=f"Families, the largest part of both ledgers first: {len(data):,}",
                    selected=here.index(family) if family in here else None)  # fmt: skip
        if family:
            yield from self._of_family(str(family))
        yield {"kind": "text", "name": "note", "paragraphs": [NOTE]}

    def _of_family(self, family: str) -> list[dict[str, Any]]:
        """Categories, codes, siblings of a code and providers of the chosen family."""
        codes = page(self.codes, self.extra, name="codes")
        code, here = self.extra.get("code"), codes.rows["diagnosis_code"].tolist()
        few = [ledger_words.few(self._beside(one)) for one in here]
        codes = replace(codes, rows=codes.rows.assign(specific_siblings=few))
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
        family = self.values["family"]
        return f"{len(self.data):,} families" + (
            f"; {family}: {len(self.codes):,} unspecified codes" if family else ""
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
            self._set(toggled(self.values, family=names[row]))
            self._extra.pop("code", None)
            self._extra.pop("page", None)
