"""What leaves with a report: no cell of few persons follows from its tables; sections on coding; print and options."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cpticd as cx
from cpticd import disclosure
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, DisclosureError
from cpticd.core.rounding import about, few, rounded
from cpticd.reporting.findings import Findings, Options, gather
from cpticd.reporting.headlines import headlines
from cpticd.reporting.page import page
from cpticd.reporting.release import protected
from tests.reporting.few_parts import BASIC, only
from tests.reporting.test_report import Page
from tests.small_claims import small_claims

MINIMUM = 11
PRIME = 2_147_483_629


class Known:
    """All combinations of published sets, by elimination in whole numbers modulo a prime; as exact.Known, for many."""

    def __init__(self, sets: np.ndarray) -> None:
        self._rows: list[tuple[int, np.ndarray]] = []
        for each in sets.astype(np.int64):
            rest = self._reduced(each)
            if rest.any():
                lead = int(np.nonzero(rest)[0][0])
                self._rows.append((lead, rest * pow(int(rest[lead]), -1, PRIME) % PRIME))

    def _reduced(self, vector: np.ndarray) -> np.ndarray:
        for lead, row in self._rows:
            if vector[lead]:
                vector = (vector - vector[lead] * row) % PRIME
        return vector

    def tells(self, wanted: np.ndarray) -> bool:
        return not self._reduced(wanted.astype(np.int64)).any()


@pytest.fixture(scope="module")
def claims() -> Claims:
    return cx.simulate(persons=350, seed=4).claims


@pytest.fixture(scope="module")
def found(claims: Claims) -> Findings:
    return gather(claims, Options(min_lines=15, payment_year=2026))


@pytest.fixture(scope="module")
def kept(claims: Claims, found: Findings) -> Iterator[Findings]:
    with disclosure.using(minimum=MINIMUM):
        yield protected(found, claims)


class Lines:
    """Service lines, and which of them a row of a report's table counts: found again from the claims alone."""

    def __init__(self, claims: Claims, rules: pd.DataFrame) -> None:
        self.all = claims.query(
            """
            SELECT o.claim_id, o.claim_line_number, o.person_id, o.payer, o.hcpcs_code, o.initial_outcome AS outcome,
                o.denial_category AS category, date_trunc('month', o.service_date) AS period,
                list(DISTINCT p.diagnosis_code) AS codes, list(DISTINCT f.diagnosis_family) AS families,
                any_value(h.hcpcs_family) AS hcpcs_family
            FROM line_outcomes o
            LEFT JOIN pairs p ON p.claim_id = o.claim_id AND p.claim_line_number = o.claim_line_number
            LEFT JOIN diagnosis_families f ON f.diagnosis_code = p.diagnosis_code
            LEFT JOIN procedure_families h ON h.hcpcs_code = o.hcpcs_code
            GROUP BY ALL
            """
        )
        self.denied = (self.all["outcome"] == "denied").to_numpy()
        self.adjudicated = (self.all["outcome"] != "not adjudicated").to_numpy()
        self.any_denied = self.all["outcome"].isin(["denied", "partly denied"]).to_numpy()
        self._has = {name: [set(each) for each in self.all[name]] for name in ("codes", "families")}
        self.persons = pd.factorize(self.all["person_id"])[0]
        found = rules.dropna(subset=["claim_line_number"])
        whole = rules[rules["claim_line_number"].isna()]
        keys = list(zip(self.all["claim_id"], self.all["claim_line_number"].astype(int), strict=True))
        on_line = set(
            zip(found["rule"], found["claim_id"], found["claim_line_number"].astype(int), strict=True)
        )
        on_claim = set(zip(whole["rule"], whole["claim_id"], strict=True))
        self._rules = {
            rule: np.array([(rule, *key) in on_line or (rule, key[0]) in on_claim for key in keys])
            for rule in rules["rule"].unique()
        }

    def of(self, row: dict[str, object], keys: list[str]) -> np.ndarray:
        at = np.ones(len(self.all), dtype=bool)
        for key in keys:
            value = row[key]
            if key in ("diagnosis_code", "diagnosis_family"):
                sets = self._has["codes" if key == "diagnosis_code" else "families"]
                at &= np.array([value in each for each in sets])
            elif key == "rule":
                at &= self._rules[str(value)]
            else:
                at &= (self.all[key] == value).to_numpy()
        return at

    def count(self, at: np.ndarray) -> int:
        return len(np.unique(self.persons[at]))


#: Tables of lines: name, keys, column of the whole cell and of its denials.
TABLES = (
    ("lines", [], "n", "denied"),
    ("payers", ["payer"], "n", "denied"),
    ("causes", ["category"], "denied_amount", "lines"),
    ("pairs", ["hcpcs_code", "diagnosis_code"], "lines", "denied_lines"),
    ("payer_pairs", ["payer", "hcpcs_code", "diagnosis_code"], "lines", "denied_lines"),
    ("families", ["hcpcs_family", "diagnosis_family"], "lines", "denied_lines"),
    ("trend", ["period"], "n", "denied"),
    ("scorecard", ["rule", "payer"], "flagged_lines", "denied_lines"),
)


def test_no_cell_of_few_persons_follows_from_the_tables_of_a_report(
    claims: Claims, found: Findings, kept: Findings
) -> None:
    """By elimination over the lines themselves, which shares nothing with the protector."""
    lines = Lines(claims, found.get("rules"))
    every_line = np.ones(len(lines.all), dtype=bool)
    told = _loaded(kept, "lines", "service lines")
    shown, secret, large = [every_line] if told else [], [], []
    secret += [each for each in (~lines.adjudicated,) if 0 < lines.count(each) < MINIMUM]
    for name, keys, whole, part in TABLES:
        for row in kept.get(name).to_dict("records"):
            among = lines.any_denied if name == "causes" else lines.adjudicated
            cell = lines.of(row, keys) & among
            denied = cell & lines.denied
            shown += [cell] if not pd.isna(row[whole]) else []
            shown += [denied] if not pd.isna(row[part]) else []
            sets = (cell, denied, cell & ~denied)
            secret += [each for each in sets if 0 < lines.count(each) < MINIMUM]
            large += [each for each in sets[:2] if lines.count(each) >= MINIMUM]
    assert len(secret) > 50
    assert sum(len(kept.get(name)) for name, *_ in TABLES) == sum(len(found.get(name)) for name, *_ in TABLES)
    assert all(lines.count(each) >= MINIMUM or not each.any() for each in shown)
    # Lines that stand in the same sets are one unknown.
    every = np.unique(np.array([*shown, *secret, *large]), axis=1)
    published, private, whole = np.split(every, [len(shown), len(shown) + len(secret)])
    known = Known(published)
    assert not [number for number, each in enumerate(private) if known.tells(each)]
    # If small cells alone were left out, others would give some of them away, and this check would see it.
    known = Known(whole)
    assert any(known.tells(each) for each in private)


def _loaded(kept: Findings, table: str, figure: str) -> bool:
    """Whether the report tells how many rows of a table there are: in its summary, or where it accounts for files."""
    summary = kept.get("summary").set_index("measure")["value"]
    accounting = kept.get("accounting").set_index("table_name")["loaded"]
    return not (pd.isna(summary[figure]) and accounting.loc[[table]].isna().all())


@pytest.mark.parametrize(("waiting", "hidden"), [(3, True), (0, False), (20, False)])
def test_lines_of_few_persons_without_an_answer_are_not_told_by_what_was_read(
    waiting: int, hidden: bool
) -> None:
    rows = pd.DataFrame({"claim_id": [f"C{n}" for n in range(60)], "person_id": [f"P{n}" for n in range(60)]})
    paid = rows.index >= waiting
    rows = rows.assign(payer="North", service_date="2024-03-01", hcpcs_code="99213", diagnosis_code_1="I10",
                       charge_amount=100, paid_amount=[80 if one else None for one in paid],
                       paid_date=["2024-04-01" if one else None for one in paid])  # fmt: skip
    claims = cx.read_wide(rows, quiet=True, progress=False)
    with only(*BASIC):
        found = gather(claims, Options(min_lines=5))
    kept = protected(found, claims)
    both = [_loaded(kept, "lines", "service lines"), _loaded(kept, "line_payments", "adjudicated lines")]
    assert all(both) is not hidden
    read = next(sentence for sentence in headlines(kept) if "segments read" in sentence)
    assert ("were loaded" in read) is not hidden
    assert ("it would tell of fewer than 11 persons" in page(kept)) is hidden


def test_conditions_of_few_persons_do_not_follow_from_their_totals(found: Findings, kept: Findings) -> None:
    impact = found.get("risk_impact")
    rows = impact[impact["status"] == "open"][["person_id", "hcc", "kind"]].astype(str)
    seen = kept.get("risk_impact")
    visible = set(zip(seen["hcc"].astype(str), seen["kind"].astype(str), strict=True))
    totals = {str(each["kind"]) for each in cx.contract(seen).records["totals"]}
    gaps = (rows["kind"] != "unsupported").to_numpy()
    sets = {
        (hcc, kind): ((rows["hcc"] == hcc) & (rows["kind"] == kind)).to_numpy()
        for hcc, kind in sorted(set(zip(rows["hcc"], rows["kind"], strict=True)))
    }
    by_kind = {kind: (rows["kind"] == kind).to_numpy() for kind in sorted(set(rows["kind"]))}
    shown = [sets[key] for key in sets if key in visible]
    shown += [at for kind, at in by_kind.items() if kind in totals]
    shown += [gaps] if "gaps" in totals else []
    shown += [np.ones(len(rows), dtype=bool)] if "reviewed" in totals else []
    small = [at for at in [*sets.values(), *by_kind.values()] if rows["person_id"][at].nunique() < MINIMUM]
    assert small
    assert shown
    known = Known(np.array(shown))
    assert not [at for at in small if known.tells(at)]


def test_charts_and_hover_texts_hold_published_cells_only(found: Findings, kept: Findings) -> None:
    text = page(kept)
    pairs = kept.get("pairs")
    hidden = pairs[pairs["rate"].isna()]
    # A pair whose excess may not be shown has no place among points by excess.
    told = pairs[pairs["rate"].notna() & pairs["excess_denials"].notna()]
    assert len(told) > 10
    drawn = json.dumps  # as plotly writes it

    def stands(row: object) -> bool:
        return f"{drawn(row.hcpcs_code)},{drawn(row.diagnosis_code)}" in text  # type: ignore[attr-defined]

    assert len(hidden) > 10
    assert not any(stands(row) for row in hidden.itertuples())
    assert all(stands(row) for row in told.itertuples())
    assert "chart-risk-persons" not in text
    curve = kept.get("delay")
    assert curve["adjudicated"].isna().all()
    assert 0 < len(curve) < len(found.get("delay"))
    shown = Page(text)
    assert "suppressed" in shown.text("causes") + shown.text("rates") + shown.text("rules")


def test_what_was_left_out_is_said_at_the_foot_and_in_the_section(kept: Findings) -> None:
    text = page(kept)
    few_, more = (sum(each[key] for each in kept.account.values()) for key in ("suppressed", "complementary"))
    foot = text.partition("</main>")[2]
    assert f"{few_:,} of " in foot
    assert f"and {more:,} more are left out to protect them" in foot
    assert "of fewer than 11 persons" in Page(text).text("pairs")
    assert not [
        sentence for sentence in headlines(kept) if "nan" in sentence.lower() or "NA" in sentence.split()
    ]


@only(*BASIC)
def test_the_setting_of_the_session_and_minimum_are_followed(tmp_path: Path) -> None:
    with disclosure.using(minimum=1):
        cx.report(small_claims(), tmp_path / "all.html")
    cx.report(small_claims(), tmp_path / "few.html", minimum=30)
    shown = {name: Page((tmp_path / f"{name}.html").read_text("utf-8")) for name in ("all", "few")}
    assert "duplicate 8 0 $800" in shown["all"].text("causes")
    assert "$800" not in shown["few"].text("causes")
    assert "Disclosure control is off" in (tmp_path / "all.html").read_text("utf-8")
    assert "Cells of fewer than 30 persons" in (tmp_path / "few.html").read_text("utf-8")
    assert disclosure.settings().minimum == MINIMUM
    with pytest.raises(ArgumentError, match="minimum"):
        cx.report(small_claims(), tmp_path / "none.html", minimum=0)


def test_rules_are_told_with_what_has_no_table_and_judged_by_tables_given(
    kept: Findings, tmp_path: Path
) -> None:
    text = Page(page(kept)).text("rules")
    for fact in (
        "rules without a table for these lines",
        "component_of_other_service",
        "reference.add",
        "rules ran",
    ):
        assert fact in text
    covered = pd.DataFrame({"hcpcs_code": ["99213"], "diagnosis_code": ["E119"], "diagnosis_group": [1]})
    with only("summary", "rules"):
        with pytest.raises(cx.CpticdError):
            cx.report(small_claims(), tmp_path / "r.html", tables={"no such kind": covered})
        with pytest.raises(ArgumentError, match="nobody"):
            cx.report(small_claims(), tmp_path / "r.html", payer_kinds={"North": "Nobody"})
    assert not list(tmp_path.iterdir())


def test_each_chart_has_its_definition_beside_it(kept: Findings) -> None:
    text = page(kept)
    for piece in text.split('<figure class="chart')[1:]:
        after = piece.partition("</figure>")[2]
        assert after.startswith('<details class="defined">'), piece[-200:]
    shown = Page(text)
    for section in ("rates", "causes", "pairs", "trend", "delay", "specificity", "risk"):
        for term in ("Numerator", "Denominator", "Clock"):
            assert term in shown.text(section), section
    assert "ICD-10-CM titles of" in shown.text("accounting")


def test_a_part_that_no_measure_declares_is_refused_by_its_name(claims: Claims) -> None:
    own = pd.DataFrame({"hcpcs_code": ["93000"], "n": [3], "denied": [2]})
    found = Findings(frames={"own_part": own})
    with pytest.raises(DisclosureError, match="own_part: no measure declares how this may leave"):
        protected(found, claims)
    computed = cx.denials.rates(claims, by="hcpcs_code")
    computed.attrs = {}
    with pytest.raises(DisclosureError, match="own_part"):
        protected(Findings(frames={"own_part": computed}), claims)
    with disclosure.using(minimum=1):
        assert protected(found, claims).get("own_part") is own


def test_a_measure_declared_elsewhere_has_its_section_chart_definition_and_protection(
    found: Findings, kept: Findings
) -> None:
    """A part needs nothing but its declaration: overturned denials stand in a section that nobody wrote."""
    shown = Page(page(kept))
    text = shown.text("overturned")
    assert "Overturned" in text and "Numerator" in text and "chart-overturned" in shown.ids
    assert "Overturned denials" in shown.text("definitions")
    assert [sentence for sentence in headlines(found) if "have been paid since" in sentence]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, 0),
        (3, "fewer than 11"),
        (10, "fewer than 11"),
        (54, 50),
        (1234, 1200),
        (23_456, 23_000),
        ("as is", "as is"),
    ],
)
def test_counts_that_no_table_protects_are_rounded(value: object, written: object) -> None:
    assert about(value, 11) == written
    assert about(value, 1) == value


def test_rounding_leaves_what_is_missing() -> None:
    assert pd.isna(rounded(float("nan")))
    assert rounded(0) == 0
    assert few(0, 11) == 0
