"""The report on risk adjustment: both directions, in words with intervals; absent with a reason; nobody named."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.core import measure
from cpticd.core.contract import amend, carry
from cpticd.core.errors import ArgumentError, InputError
from cpticd.reporting.findings import Findings, Options, gather
from cpticd.reporting.headlines import headlines, risk_headlines
from cpticd.reporting.page import page
from tests.charts.risk_samples import GAPS, IMPACT, PREVALENCE, RECAPTURE, UNSUPPORTED
from tests.reporting.few_parts import RISK, only
from tests.reporting.test_report import Page, findings
from tests.small_claims import small_claims
from tests.spec import claims_of

CHARTS = ("risk-waterfall", "risk-matrix", "risk-persons", "risk-prevalence", "risk-recapture")
UNKNOWN_SEX = {"source": "members", "location": "person p9", "reason": "sex: not known", "content": ""}
IMPACT_OF_2026 = amend(
    IMPACT.copy(), {"rejects": [UNKNOWN_SEX] * 2}, code_set_release="CMS mapping of payment year 2026"
)


KNOWN_GAPS = amend(GAPS.copy(), closed={"closed by a higher HCC": 1}, calibrated_on=["simulated persons"])
REASONS = pd.DataFrame(
    {"conditions": [2], "one claim": [2], "one day": [0], "acute code outside a hospital": [1]}
)


@pytest.fixture(scope="module", autouse=True)
def without_rules() -> Iterator[None]:
    """Coding rules take most of a report's time and stand in test_release."""
    from cpticd import denials, risk
    from cpticd.reporting import data_set, findings

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "PACKAGES", (data_set, denials, risk))
        yield


def both(**changes: pd.DataFrame) -> Findings:
    """Findings with risk adjustment from hand-made frames."""
    frames = {
        "risk_gaps": KNOWN_GAPS, "risk_unsupported": UNSUPPORTED, "risk_impact": IMPACT_OF_2026,
        "risk_prevalence": PREVALENCE, "risk_recapture": RECAPTURE, "risk_reasons": REASONS,
    }  # fmt: skip
    return findings(**(frames | changes))


@pytest.fixture(scope="module")
def shown() -> Page:
    return Page(page(both()))


@pytest.fixture(scope="module")
def simulated() -> Claims:
    return cx.simulate(persons=400, seed=11).claims


@pytest.fixture(scope="module")
def written(simulated: Claims, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cx.report(
        simulated,
        tmp_path_factory.mktemp("risk") / "report.html",
        payment_year=2026,
        base_rate=1000,
        minimum=1,
    )


def test_sentences_tell_both_directions_with_intervals_and_for_whom_they_are() -> None:
    sentences = risk_headlines(both())
    assert sentences == [
        "9 persons scored by V28 for payment year 2026 add up to $48,000 of payment as coded.",
        "Suspected and not coded: 5 conditions of 3 persons, for a clinician and a coder to review; by their "
        "confidence they would raise the payment by $7,320 (95 % interval $4,800 to $9,840).",
        "Coded and thinly supported: 2 conditions of 2 persons, for a clinician and a coder to review; by their "
        "confidence they would lower the payment by $4,200 (95 % interval $2,400 to $6,000).",
        "Both together would change it by +$3,120 (95 % interval $0 to +$6,240).",
    ]
    assert set(sentences) <= set(headlines(both()))


def test_without_dollars_sentences_are_in_score() -> None:
    scores = IMPACT_OF_2026.drop(columns="expected_dollars")
    scores = carry(IMPACT_OF_2026, scores)
    text = " ".join(risk_headlines(both(risk_impact=scores)))
    assert "raise the raw risk score by 0.610 (95 % interval 0.400 to 0.820)" in text
    assert "$" not in text


def test_a_direction_without_conditions_is_told_too() -> None:
    records = cx.contract(IMPACT).records["totals"]
    raising = [record for record in records if record["direction"] != "unsupported"]
    only = amend(IMPACT_OF_2026.copy(), {"totals": raising})
    found = both(risk_impact=only, risk_unsupported=UNSUPPORTED.head(0))
    assert "Coded and thinly supported: nothing found." in risk_headlines(found)
    assert "Unsupported 0 0 $0 –" in Page(page(found)).text("risk")


def test_the_section_shows_both_directions_side_by_side(shown: Page) -> None:
    text = shown.text("risk")
    assert "Would raise scores: suspected, not coded" in text
    assert "Would lower scores: coded, thinly supported" in text
    assert "Lapsed 2 2 +$3,000 $1,200 to $4,800" in text
    assert "All of these 5 3 +$7,320 $4,800 to $9,840" in text
    assert "Unsupported 2 2 -$4,200 -$6,000 to -$2,400" in text
    assert "one claim 2 acute code outside a hospital 1" in text
    for name in CHARTS:
        assert f"chart-{name}" in shown.ids


def test_the_section_says_what_it_rests_on_and_what_was_left_out(shown: Page) -> None:
    text = shown.text("risk")
    assert "Model V28, payment year 2026 on diagnoses of service year 2025" in text
    assert "CMS mapping of payment year 2026" in text
    assert "$1,000 per member and month" in text
    assert "Neither is a code to add or to delete" in text
    assert "Confidences of suspected conditions come from simulated persons." in text
    assert "closed by a higher HCC 1" in text
    assert "suspected conditions, learned below the smallest confidence that is listed 12" in text
    assert "suspected conditions, implied services without an HCC 3" in text
    assert "confidence below 0.05 7" in text
    assert "sex: not known 2" in text


def test_nobody_is_named(shown: Page) -> None:
    assert not re.search(r"\bp\d\b", shown.text("risk"))
    assert not re.search(r'"p\d"', page(both()).partition('<section id="risk">')[2])


@only(*RISK)
def test_claims_without_members_say_that_the_section_is_absent_and_why() -> None:
    found = gather(small_claims(), Options(payment_year=2026))
    text = Page(page(found)).text("risk")
    assert "There is no section on risk adjustment: " in text
    assert "members" in text
    assert risk_headlines(found) == []


@only(*RISK)
def test_without_a_payment_year_there_is_no_section_and_the_report_says_how_to_have_one(
    simulated: Claims,
) -> None:
    found = gather(simulated)
    text = Page(page(found)).text("risk")
    assert "risk adjustment needs a payment year" in text
    assert "payment_year=" in text and "--payment-year" in text
    assert risk_headlines(found) == []


@only(*RISK)
def test_an_analysis_that_fails_with_our_error_gives_its_reason(
    simulated: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> pd.DataFrame:
        raise InputError("no <diagnoses> here")

    def breaks(name: str) -> None:
        known = measure._MEASURES
        monkeypatch.setitem(known, name, dataclasses.replace(known[name], function=fails))

    breaks("risk.unsupported")
    found = gather(simulated, Options(payment_year=2026))
    assert "no <diagnoses> here" in Page(page(found)).text("risk")
    monkeypatch.undo()
    breaks("risk.recapture")
    found = gather(simulated, Options(payment_year=2026))
    assert found.has("risk_impact")
    assert "no <diagnoses> here" in Page(page(found)).text("risk")


def test_simulated_claims_are_scored_for_the_payment_year_given(written: Path) -> None:
    html = written.read_text(encoding="utf-8")
    shown = Page(html)
    text = shown.text("risk")
    assert "payment year 2026 on diagnoses of service year 2025" in text
    scored = re.search(
        r"(\d+) persons scored by V28 for payment year 2026 add up to \$[\d,]+ of payment", text
    )
    assert scored and 100 < int(scored[1]) < 400  # of 400 persons those with Medicare Part B
    for name in CHARTS:
        assert f"chart-{name}" in shown.ids
    assert not re.search(r"\bP0\d{5}\b", html)
    assert not re.search(r"\bC0\d{7}\b", html)
    definitions = shown.text("definitions")
    for name in ("Suspected conditions", "Unsupported conditions", "Impact on the score", "Recapture"):
        assert name in definitions
    assert "Payment year 2026" in definitions
    assert "2,026" not in definitions
    assert "Base rate $1,000" in definitions


@pytest.mark.thorough
def test_same_claims_same_bytes(simulated: Claims, written: Path, tmp_path: Path) -> None:
    again = cx.report(simulated, tmp_path / "again.html", payment_year=2026, base_rate=1000, minimum=1)
    assert again.read_bytes() == written.read_bytes()


@only("summary", "accounting", *RISK)
def test_model_and_payment_year_are_those_asked_for(simulated: Claims, tmp_path: Path) -> None:
    path = cx.report(simulated, tmp_path / "v24.html", model="V24", payment_year=2025)
    text = Page(path.read_text(encoding="utf-8")).text("risk")
    assert "Model V24, payment year 2025 on diagnoses of service year 2024" in text
    assert "a base rate (--base-rate, base_rate=) would show dollars" in text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "V99"}, "no risk adjustment model 'V99'"),
        ({"payment_year": 2050}, "no tables for payment_year=2050"),
        ({"base_rate": 0}, "base_rate: found 0; give US dollars"),
        ({"base_rate": float("nan")}, "base_rate: found nan"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_computed(options: dict, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        Options(**options)


@only("summary", "accounting", *RISK)
def test_nothing_to_review_is_told_and_drawn_as_such(tmp_path: Path) -> None:
    text = Page(
        cx.report(_claims_of_one(), tmp_path / "r.html", payment_year=2026).read_text(encoding="utf-8")
    ).text("risk")
    assert "Suspected and not coded: nothing found." in text
    assert "Coded and thinly supported: nothing found." in text
    assert "Suspected 0 0" in text
    assert "Unsupported 0 0" in text


def _claims_of_one() -> Claims:
    """A person of 70 with a visit, without any condition that counts."""
    return claims_of(
        claims="claim_id | person_id | claim_type | claim_start_date | claim_end_date\n"
        "A | p1 | professional | 2025-12-01 | 2025-12-01",
        lines="claim_id | claim_line_number | hcpcs_code\nA | 1 | 99213",
        diagnoses="claim_id | diagnosis_position | diagnosis_code\nA | 1 | Z00.00",
        members="person_id | year | birth_date | sex\np1 | 2025 | 1955-01-01 | female",
    )
