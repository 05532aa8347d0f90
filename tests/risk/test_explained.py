"""What speaks for and against a condition, of which nothing may be made: explanations, histories, assessments, body mass."""

from __future__ import annotations

import pytest

import cpticd as cx
from cpticd.risk.unsupported import unsupported
from tests.risk.visits import claims_of_visits


@pytest.mark.parametrize(
    ("visits", "hccs", "open_"),
    [
        # Hypoxemia explains oxygen at home (NCD 240.2).
        ("o | 2025-02-03 | 11 | R06.02 J44.9 | 99214\n o | 2025-03-03 | 12 | R06.02 | E1390", {"213"}, True),
        ("o | 2025-02-03 | 11 | R09.02 J44.9 | 99214\n o | 2025-03-03 | 12 | R09.02 | E1390", {"213"}, False),
        # Also where it stands on the supplier's claim alone, which counts for no diagnosis.
        ("o | 2025-02-03 | 11 | J44.9 | 99214\n o | 2025-03-03 | 12 | R09.02 | E1390", {"213"}, False),
        # Most arteries of the leg are opened for claudication.
        ("o | 2025-02-03 | 11 | I70.209 | 99214\n o | 2025-03-03 | 22 | I70.209 | 37221", {"263", "264"}, True),
        ("o | 2025-02-03 | 11 | I73.9 | 99214\n o | 2025-03-03 | 22 | I73.9 | 37221", {"263", "264"}, False),
        ("o | 2025-02-03 | 11 | I70.211 | 99214\n o | 2025-03-03 | 22 | I70.211 | 37221", {"263", "264"}, False),
    ],
)  # fmt: skip
def test_what_explains_a_service_away_goes_first(visits: str, hccs: set[str], open_: bool) -> None:
    gaps = cx.risk.gaps(claims_of_visits(visits), year=2025, kinds=["implied", "unspecified"])
    found = gaps[gaps["hcc"].isin(hccs) & (gaps["status"] == "open")]
    assert bool(len(found)) == open_


def _doubt(visits: str, hcc: str) -> tuple[float, list[str]]:
    found = unsupported(claims_of_visits(visits), year=2025, min_confidence=0).query("hcc == @hcc")
    (row,) = found.to_dict("records")
    return row["confidence"], list(row["reasons"])


def test_a_later_history_code_contradicts_the_active_one_unless_it_is_treated() -> None:
    active = "h | 2025-02-10 | 11 | C50.911 | 99213\n"
    alone, _ = _doubt(active + "h | 2025-06-10 | 11 | I10 | 99213", "23")
    over, reasons = _doubt(active + "h | 2025-06-10 | 11 | Z85.3 | 99213", "23")
    before, why = _doubt("h | 2025-01-10 | 11 | Z85.3 | 99213\n" + active, "23")
    # Treated on another day nothing is left that speaks against it.
    visits = active + "h | 2025-06-10 | 11 | Z85.3 | 99213\n h | 2025-03-10 | 11 | C50.911 | 96413"
    treated = unsupported(claims_of_visits(visits), year=2025, min_confidence=0)
    assert over >= 0.5 > alone and "a later code says that it is over" in reasons
    # What was over may have come back, and then it would be treated: less surely.
    assert alone < before < over and "an earlier code says that it was over" in why
    year_before, why = _doubt("h | 2024-06-10 | 11 | Z85.3 | 99213\n" + active, "23")
    assert alone < year_before and "an earlier code says that it was over" in why
    assert "23" not in set(treated["hcc"])


def test_an_assessment_of_health_risks_alone_is_a_reason_of_its_own() -> None:
    visit, _ = _doubt("h | 2025-02-10 | 11 | E11.42 | 99213", "37")
    alone, reasons = _doubt("h | 2025-02-10 | 11 | E11.42 | G0439", "37")
    both, why = _doubt("h | 2025-02-10 | 11 | E11.42 | G0439 99214", "37")
    # A visit at home is where the assessment took place; and two of them are no more than one.
    at_home, _ = _doubt("h | 2025-02-10 | 12 | E11.42 | 99345 96160", "37")
    twice, _ = _doubt(
        "h | 2025-02-10 | 11 | E11.42 | G0439\n h | 2025-09-10 | 12 | E11.42 | 99350 96160", "37"
    )
    assert at_home == pytest.approx(alone) == pytest.approx(twice)
    assert alone > visit and "health risk assessments alone" in reasons
    assert both == pytest.approx(visit) and "health risk assessments alone" not in why


def test_an_earlier_history_code_speaks_against_assessments_however_many_they_are() -> None:
    """Assessments are judged first, as one day; two visits since would say that what was over has come back."""
    over = "h | 2024-06-10 | 11 | Z85.3 | 99213\n"
    once, reasons = _doubt(over + "h | 2025-02-10 | 11 | C50.911 | G0439", "23")
    twice, why = _doubt(
        over + "h | 2025-02-10 | 11 | C50.911 | G0439\n h | 2025-09-10 | 12 | C50.911 | 99350 96160", "23"
    )
    assert twice == pytest.approx(once)
    for each in (reasons, why):
        assert {"health risk assessments alone", "an earlier code says that it was over"} <= set(each)
    never, _ = _doubt(
        "h | 2025-02-10 | 11 | C50.911 | G0439\n h | 2025-09-10 | 12 | C50.911 | 99350 96160", "23"
    )
    assert never < twice
    visits = _doubt(
        over + "h | 2025-02-10 | 11 | C50.911 | 99213\n h | 2025-09-10 | 11 | C50.911 | 99213", "23"
    )
    assert "an earlier code says that it was over" not in visits[1] and visits[0] < never


def test_a_body_mass_index_is_no_treatment_of_obesity() -> None:
    bare, _ = _doubt("h | 2025-02-03 | 11 | E66.01 I10 | 99214", "48")
    index, _ = _doubt("h | 2025-02-03 | 11 | E66.01 I10 Z68.37 | 99214", "48")
    treated, _ = _doubt("h | 2025-02-03 | 11 | E66.01 I10 | 99214 G0447", "48")
    assert index == pytest.approx(bare) and treated < bare


@pytest.mark.parametrize(
    ("codes", "doubtful"),
    [
        ("Z68.41 I10", True), ("Z68.41 E66.9", False), ("Z68.41 O99.213", False), ("E66.813 Z68.30", True),
        ("E66.813 Z68.41", False), ("E66.813", False), ("E66.01 Z68.37", False),
    ],
)  # fmt: skip
def test_codes_of_weight_go_together(codes: str, doubtful: bool) -> None:
    """ICD-10-CM guideline I.B.14: an index is coded beside the diagnosis; class 3 begins at an index of 40."""
    confidence, reasons = _doubt(f"h | 2025-02-03 | 11 | {codes} | 99214", "48")
    assert ("codes beside it do not go with it" in reasons) == doubtful
    assert (confidence >= 0.5) == doubtful


@pytest.mark.parametrize(("place", "doubtful"), [("11", True), ("10", True), ("31", True), ("23", False)])
def test_an_acute_failure_of_an_organ_is_treated_in_a_hospital(place: str, doubtful: bool) -> None:
    procedure = {"23": "99284", "31": "99308"}.get(place, "99213")
    confidence, reasons = _doubt(f"h | 2025-02-03 | {place} | J96.01 | {procedure}", "213")
    assert ("acute code outside a hospital" in reasons) == doubtful
    assert (confidence >= 0.5) == doubtful
