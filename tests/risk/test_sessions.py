"""Six analyses at once give what they give in turn, and a selection is judged as the data set of those persons."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from cpticd.risk.timeline import timeline
from tests.amount import first
from tests.risk.visits import claims_of_visits

Analysis = Callable[[Claims], pd.DataFrame]

VISITS = "\n".join(
    f"p{n:02d} | {year}-0{1 + n % 9}-01 | {'111' if n % 7 == 0 else '11'} | {codes} | 99213 {service}"
    for n in range(30)
    for year, codes, service in (
        (2024, "E11.22 N18.4 I50.9" if n % 2 else "E11.9", "80053"),
        (2025, "E11.9 Z79.4" if n % 3 else "I48.91 I10 F32.9", "93793" if n % 3 == 0 else "82947"),
    )
)
GAPS = pd.DataFrame(
    {
        "person_id": [f"p{n:02d}" for n in range(6)],
        "hcc": "326",
        "kind": "lapsed",
        "status": "open",
        "confidence": 0.5,
    }
)
THIN = pd.DataFrame({"person_id": ["p00", "p03"], "hcc": "238", "confidence": 0.25})
ANALYSES: dict[str, Analysis] = {
    "score": lambda claims: cx.risk.score(claims, payment_year=2026),
    "blended": lambda claims: cx.risk.blended(claims, payment_year=2025),
    "explain": lambda claims: cx.risk.explain(claims, payment_year=2026),
    "conditions": lambda claims: cx.risk.conditions(claims, year=2025),
    "gaps": lambda claims: cx.risk.gaps(claims, year=2025, min_persons=3),
    "unsupported": lambda claims: cx.risk.unsupported(claims, year=2025, min_confidence=0),
    "impact": lambda claims: cx.risk.impact(claims, GAPS, THIN, payment_year=2026, base_rate=1000),
    "impact of a blend": lambda claims: cx.risk.impact(claims, GAPS, THIN, payment_year=2025),
    "radv_sample": lambda claims: cx.risk.radv_sample(claims, payment_year=2026, size=6, seed=1),
    "prevalence": lambda claims: cx.risk.prevalence(claims, GAPS, THIN, year=2025),
    "recapture": lambda claims: cx.risk.recapture(claims, payment_year=2026),
    "model_change": lambda claims: cx.risk.model_change(claims, payment_year=2026),
    "worklist": lambda claims: cx.risk.worklist(claims, GAPS, year=2025, as_of="2025-12-31"),
    "population": lambda claims: cx.risk.population(claims, payment_year=2026, by="place"),
    "timeline": lambda claims: timeline(claims, GAPS["person_id"], year=2025),
}


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_visits(VISITS)


@pytest.fixture(scope="module")
def alone(claims: Claims) -> dict[str, pd.DataFrame]:
    """Each analysis by itself."""
    return {name: analysis(claims) for name, analysis in ANALYSES.items()}


@pytest.mark.thorough
def test_six_at_once_give_what_they_give_in_turn(claims: Claims, alone: dict[str, pd.DataFrame]) -> None:
    """Every analysis, neighbours in the list apart, among five others."""
    asked = [*list(ANALYSES)[::3], *list(ANALYSES)[1::3], *list(ANALYSES)[2::3]]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda name: ANALYSES[name](claims), asked))
    for name, frame in zip(asked, found, strict=True):
        assert len(frame), name
        pd.testing.assert_frame_equal(frame, alone[name])


@pytest.fixture(scope="module")
def few(claims: Claims) -> tuple[Claims, Claims]:
    """A dozen persons: chosen from the others, and by themselves."""
    persons = [f"p{n:02d}" for n in range(12)]
    lines = [line for line in VISITS.splitlines() if line[:3] in persons]
    return claims.where(persons=persons), claims_of_visits("\n".join(lines))


@pytest.mark.parametrize("name", first(4, [name for name in ANALYSES if name != "gaps"]))
def test_a_selection_of_persons_is_judged_as_if_there_were_no_others(
    name: str, few: tuple[Claims, Claims]
) -> None:
    """But for the learned kind of gaps, what others have bears on nobody's result."""
    found, expected = (ANALYSES[name](each) for each in few)
    for column in ("claims", "evidence_claims", "claim_id"):  # numbered anew in the smaller data set
        found, expected = (each.drop(columns=column, errors="ignore") for each in (found, expected))
    pd.testing.assert_frame_equal(found, expected)
    assert cx.contract(found)["selection"] == {"persons": {"persons_given": 12, "persons_found": 12}}
