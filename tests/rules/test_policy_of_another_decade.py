"""Coverage policies of the 2020s over Medicare lines of 2008 to 2010: the check runs, and says that it foretells nothing.

The lines are CMS's synthetic DE-SynPUF (carrier file), their ICD-9-CM diagnoses carried to ICD-10-CM by CMS's General
Equivalence Mappings, their outcome the line processing indicator. The policies are covered and non-covered lists of
67 LCDs that name codes new on 2023-10-01. Run with ``-s`` to see the figures.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom
from statsmodels.stats.contingency_tables import StratifiedTable

import cpticd as cx
from cpticd import rules
from cpticd.claims import Claims
from cpticd.loaders.intake import Intake

#: G20.A1 and its like, which the lists name, are in force from this day on.
LISTS_HOLD_FROM = "2023-10-01"
#: Lines with an outcome of Medicare's own: allowed, or denied. Others were paid by another payer or reprocessed.
ALLOWED = "A"
DENIED = tuple("BCDILMNOPZ")


@pytest.fixture(scope="module")
def lines(request: pytest.FixtureRequest) -> pd.DataFrame:
    """One row per carrier line with a diagnosis: claim, line, procedure, ICD-9-CM diagnosis, day, indicator."""
    folder: Path = request.getfixturevalue("shared_data")
    claims = cx.read_synpuf(carrier=folder / "desynpuf_2008" / "carrier_lines.csv.gz", progress=False)
    return claims.query(
        """
        SELECT l.claim_id, c.person_id, l.claim_line_number, l.hcpcs_code, l.claim_line_start_date, l.charge_amount,
            l.processing_indicator_code, d.diagnosis_code
        FROM lines l
        JOIN claims c ON c.claim_id = l.claim_id
        JOIN pointers p ON p.claim_id = l.claim_id AND p.claim_line_number = l.claim_line_number
        JOIN diagnoses d ON d.claim_id = l.claim_id AND d.diagnosis_position = p.diagnosis_position
        ORDER BY l.claim_id, l.claim_line_number
        """
    )


@pytest.fixture(scope="module")
def policies(request: pytest.FixtureRequest) -> pd.DataFrame:
    """The lists as a coverage table: a document per procedure, in force from the day on which its codes are."""
    folder: Path = request.getfixturevalue("shared_data")
    lists = pd.read_parquet(folder / "codes" / "lcd_hcpcs_icd10.parquet")
    role = lists["status"].map({"covered": "covered", "noncovered": "not covered"})
    rows = pd.DataFrame({"document": "LCD " + lists["hcpcs"], "role": role, "code": lists["icd10"]})
    procedures = pd.DataFrame({"code": lists["hcpcs"].drop_duplicates()})
    procedures = procedures.assign(document="LCD " + procedures["code"], role="procedure")
    return pd.concat([procedures, rows], ignore_index=True).assign(
        version=1, code_group=1, effective_from=LISTS_HOLD_FROM, effective_to=None
    )


@pytest.fixture(scope="module")
def carried(lines: pd.DataFrame, request: pytest.FixtureRequest) -> Claims:
    """The lines' claims with the diagnoses that the mappings give: every target of a line's one is pointed to."""
    folder: Path = request.getfixturevalue("shared_data")
    gem = pd.read_csv(folder / "icd9" / "icd9toicd10cmgem.csv.gz", dtype=str)
    gem = gem[gem["no_map"] == "0"].drop_duplicates(["icd9cm", "icd10cm"])
    pairs = lines.merge(gem[["icd9cm", "icd10cm"]], left_on="diagnosis_code", right_on="icd9cm")
    codes = pairs[["claim_id", "icd10cm"]].drop_duplicates()
    codes["diagnosis_position"] = codes.groupby("claim_id").cumcount() + 1
    pairs = pairs.merge(codes, on=["claim_id", "icd10cm"])
    pairs["pointer_position"] = pairs.groupby(["claim_id", "claim_line_number"]).cumcount() + 1
    day = lines.groupby("claim_id")["claim_line_start_date"].min()
    claims = lines.drop_duplicates("claim_id").assign(claim_type="professional", payer="Medicare")
    claims["claim_start_date"] = claims["claim_id"].map(day)
    intake = Intake(progress=False)
    for name, frame in {
        "claims": claims[["claim_id", "claim_type", "person_id", "payer", "claim_start_date"]],
        "lines": lines[
            ["claim_id", "claim_line_number", "hcpcs_code", "claim_line_start_date", "charge_amount"]
        ],
        "diagnoses": codes.rename(columns={"icd10cm": "diagnosis_code"}).assign(
            diagnosis_code_type="icd-10-cm"
        ),
        "pointers": pairs[["claim_id", "claim_line_number", "pointer_position", "diagnosis_position"]],
    }.items():
        intake.add(name, frame, source="desynpuf")
    return intake.claims()


@pytest.fixture(scope="module")
def overridden(carried: Claims, policies: pd.DataFrame) -> pd.DataFrame:
    """Findings under the lists as if they had always held: said aloud, since these dates are not their own."""
    return rules.check(carried, "coverage", tables={"coverage": policies.assign(effective_from=None)})


def test_by_default_a_policy_says_nothing_of_services_before_it(
    carried: Claims, policies: pd.DataFrame
) -> None:
    found = rules.check(carried, "coverage", tables={"coverage": policies})
    assert found.empty
    states = [row for row in cx.contract(found).records["rules"] if "policy" in row["rule"]]
    # And says so: that nothing was found does not make these lines clean.
    assert {row["status"] for row in states} == {"no table for the dates"}
    assert all("no table reaches practitioner lines of 2008-01 to 2009-12" in row["detail"] for row in states)


def test_a_policy_of_another_decade_does_not_foretell_denials(
    carried: Claims, lines: pd.DataFrame, policies: pd.DataFrame, overridden: pd.DataFrame
) -> None:
    assert len(overridden) > 100
    judged = _judged(carried, lines, policies, overridden)
    tables = _strata(judged)
    both = StratifiedTable(tables)
    low, high = both.oddsratio_pooled_confint()
    expected = sum(_expected(table) for table in tables)
    denied = sum(int(table[0, 0]) for table in tables)
    chance = _exact(tables)
    rate = judged.groupby("flagged")["denied"].agg(["sum", "size", "mean"])
    print(f"\n{rate}\nprocedures with both: {len(tables)}; lines {sum(int(t.sum()) for t in tables)}")
    print(f"denied among flagged {denied}, expected of the same procedures {expected:.1f}")
    print(
        f"odds ratio (Mantel-Haenszel) {both.oddsratio_pooled:.2f} ({low:.2f} to {high:.2f}), exact p {chance:.3f}"
    )

    # The claim is not that the lift is 1, which so few lines cannot show, but that there is no sign of another one:
    # the interval holds 1, and an exact test within procedures does not reject it.
    assert low < 1 < high
    assert chance > 0.05
    # And what a rule would have to reach to be of use, half of its findings denied, is nowhere near.
    assert rate.loc[True, "mean"] < 0.25


def test_most_denials_under_the_lists_are_of_lines_that_the_lists_support(
    carried: Claims, lines: pd.DataFrame, policies: pd.DataFrame, overridden: pd.DataFrame
) -> None:
    judged = _judged(carried, lines, policies, overridden)
    denied = judged[judged["denied"]]
    assert denied["flagged"].mean() < 0.75, "recall no better than the share of lines that are flagged"
    assert abs(denied["flagged"].mean() - judged["flagged"].mean()) < 0.15


def _judged(
    carried: Claims, lines: pd.DataFrame, policies: pd.DataFrame, found: pd.DataFrame
) -> pd.DataFrame:
    """Lines under a list whose diagnosis could be carried over and that Medicare allowed or denied."""
    key = ["claim_id", "claim_line_number"]
    flagged = found[key].drop_duplicates().assign(flagged=True)
    reached = carried.query("SELECT DISTINCT claim_id, claim_line_number FROM pointers")
    listed = policies.loc[policies["role"] == "covered", "document"].str.removeprefix("LCD ")
    kept = lines[
        lines["hcpcs_code"].isin(listed) & lines["processing_indicator_code"].isin([ALLOWED, *DENIED])
    ]
    kept = kept.drop_duplicates(key).merge(reached.astype({"claim_line_number": "Int64"}), on=key)
    kept = kept.merge(flagged, on=key, how="left")
    kept["flagged"] = kept["flagged"].notna()
    return kept.assign(denied=kept["processing_indicator_code"] != ALLOWED)


def _strata(judged: pd.DataFrame) -> list[np.ndarray]:
    """Of each procedure with lines of both kinds: denied and not, flagged above unflagged."""
    counts = (
        judged.groupby(["hcpcs_code", "flagged", "denied"])
        .size()
        .unstack(["flagged", "denied"], fill_value=0)
    )
    cells = counts.reindex(columns=[(f, d) for f in (True, False) for d in (True, False)], fill_value=0)
    tables = [row.reshape(2, 2) for row in cells.to_numpy()]
    return [t for t in tables if t.sum(axis=1).all()]


def _expected(table: np.ndarray) -> float:
    return float(table[0].sum() * table[:, 0].sum() / table.sum())


def _exact(tables: list[np.ndarray]) -> float:
    """Two-sided exact p-value of no association within any stratum: the sum of hypergeometrics, margins given."""
    total = np.ones(1)
    for table in tables:
        drawn, marked, size = table[0].sum(), table[:, 0].sum(), table.sum()
        total = np.convolve(total, hypergeom.pmf(np.arange(min(drawn, marked) + 1), size, marked, drawn))
    seen = sum(int(table[0, 0]) for table in tables)
    return float(total[total <= total[seen] * (1 + 1e-9)].sum())
