"""Chances of denial of rules.prebill beside gradient boosting and logistic regression, on the same split in time.

    python -m tests.benchmarks.bench_prebill [PERSONS [SEED]]      default: the demo's 2000, 2024

Each of the last three whole quarters of decisions is predicted by what was decided before it, by all three. AUC; Brier
score; the share of all denied dollars in the tenth of lines with the most dollars at risk; the best that could be done:
the chances that were planted. Then predicted against actual by fifth.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd

import cpticd as cx

KEY = ["claim_id", "claim_line_number"]
COLUMNS = ["payer", "hcpcs_code", "place", "diagnoses", "first", "provider", "modifiers", "rules"]


def known(claims: cx.Claims, findings: pd.DataFrame) -> pd.DataFrame:
    """One row per decided line: what is known of it before the decision, as text columns."""
    lines = claims.query(
        "SELECT o.claim_id, o.claim_line_number, o.payer, coalesce(o.hcpcs_code, l.revenue_center_code, '') AS hcpcs_code, "
        "o.place, coalesce(l.rendering_npi, c.billing_npi, '') AS provider, o.initial_outcome, "
        "CAST(o.charge_amount AS DOUBLE) AS charge_amount, date_trunc('quarter', o.first_paid_date) AS quarter, "
        "concat_ws(' ', l.hcpcs_modifier_1, l.hcpcs_modifier_2, l.hcpcs_modifier_3, l.hcpcs_modifier_4) AS modifiers "
        "FROM line_outcomes o JOIN lines l USING (claim_id, claim_line_number) JOIN claims c USING (claim_id) "
        "WHERE o.initial_outcome IN ('paid', 'partly denied', 'denied', 'nothing paid')"
    )
    codes = claims.query(
        "SELECT claim_id, claim_line_number, string_agg(diagnosis_code, ' ' ORDER BY pointer_position) AS diagnoses "
        "FROM pairs WHERE diagnosis_code IS NOT NULL GROUP BY ALL"
    )
    rules = findings.dropna(subset=["claim_line_number"]).astype({"claim_line_number": int})
    rules = (
        rules.groupby(KEY)["rule"].agg(lambda each: " ".join(sorted(set(each)))).rename("rules").reset_index()
    )
    result = (
        lines.merge(codes, on=KEY, how="left")
        .merge(rules, on=KEY, how="left")
        .fillna({"diagnoses": "", "rules": ""})
    )
    return result.assign(
        first=result["diagnoses"].str.split(" ").str[0], y=result["initial_outcome"] == "denied"
    )


def boosted(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import TargetEncoder

    def wide(frame: pd.DataFrame) -> pd.DataFrame:
        pairs = {
            "pair": frame["hcpcs_code"] + frame["first"],
            "payer_pair": frame["payer"] + frame["hcpcs_code"] + frame["first"],
            "payer_code": frame["payer"] + frame["hcpcs_code"],
            "payer_rules": frame["payer"] + frame["rules"],
        }
        return frame[COLUMNS].astype(str).assign(**pairs)

    model = make_pipeline(
        TargetEncoder(random_state=1),
        HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, random_state=1),
    )
    return np.asarray(model.fit(wide(train), train["y"]).predict_proba(wide(test))[:, 1])


def logistic(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    def words(frame: pd.DataFrame) -> list[dict[str, int]]:
        rows = []
        for row in frame[COLUMNS].itertuples(index=False):
            parts = [
                f"p {row.payer}",
                f"h {row.hcpcs_code}",
                f"ph {row.payer} {row.hcpcs_code}",
                f"o {row.place}",
            ]
            parts += [f"n {row.provider}"]
            parts += [f"hd {row.hcpcs_code} {code}" for code in row.diagnoses.split()]
            parts += [f"phd {row.payer} {row.hcpcs_code} {code}" for code in row.diagnoses.split()]
            parts += [f"m {code}" for code in row.modifiers.split()]
            parts += [f"{who}r {rule}" for rule in row.rules.split() for who in ("", row.payer)]
            rows.append(dict.fromkeys(parts, 1))
        return rows

    reader = DictVectorizer()
    model = LogisticRegression(C=0.3, max_iter=1000).fit(reader.fit_transform(words(train)), train["y"])
    return np.asarray(model.predict_proba(reader.transform(words(test)))[:, 1])


def scored(test: pd.DataFrame, name: str) -> dict[str, float]:
    from sklearn.metrics import brier_score_loss, roc_auc_score

    y, p = test["y"].to_numpy(), test[name].to_numpy()
    lost = np.where(y, test["charge_amount"], 0)
    top = np.argsort(-p * test["charge_amount"].to_numpy(), kind="stable")[: len(test) // 10]
    likely = np.argsort(-p, kind="stable")[: len(test) // 10]
    return {
        "AUC": roc_auc_score(y, p), "Brier": brier_score_loss(y, p), "denied $ in top tenth by $ at risk": lost[top].sum() / lost.sum(),
        "denied lines in top tenth": y[likely].sum() / y.sum(),
    }  # fmt: skip


def main() -> None:
    given = [int(each) for each in sys.argv[1:]]
    persons, seed = (*given, *(2000, 2024)[len(given) :])
    warnings.filterwarnings("ignore", category=FutureWarning, module="sklearn")
    simulation = cx.simulate(persons, seed)
    claims = simulation.claims
    findings = cx.rules.check(claims, tables=cx.simulation.rule_tables(), quiet=True)
    lines = known(claims, findings).merge(simulation.truth["lines"][[*KEY, "denial_probability"]], on=KEY)
    lines = lines.rename(columns={"denial_probability": "planted"})
    start = time.perf_counter()
    work = cx.rules.prebill(claims, findings, adjudicated=True)
    seconds = {"prebill": time.perf_counter() - start, "boosted": 0.0, "logistic": 0.0}
    lines = lines.merge(
        work[[*KEY, "denial_probability"]].rename(columns={"denial_probability": "prebill"}), on=KEY
    )
    tests = []
    for quarter in sorted(lines["quarter"].dropna().unique())[-4:-1]:
        train, test = lines[lines["quarter"] < quarter], lines[lines["quarter"] == quarter].copy()
        for name, predict in (("boosted", boosted), ("logistic", logistic)):
            start = time.perf_counter()
            test[name] = predict(train, test)
            seconds[name] += time.perf_counter() - start
        tests.append(test)
    test = pd.concat(tests)
    names = ["prebill", "boosted", "logistic", "planted"]
    table = pd.DataFrame({name: scored(test, name) for name in names}).T
    print(f"{len(test):,} lines of three quarters, {test['y'].mean():.1%} denied")
    print(table.round(4).assign(seconds=pd.Series(seconds).round(1)).to_string())
    fifth = pd.qcut(test["prebill"].rank(method="first"), 5, labels=range(1, 6))
    by = test.groupby(fifth, observed=True).agg(
        lines=("y", "size"), predicted=("prebill", "mean"), actual=("y", "mean")
    )
    print(by.assign(ratio=by["predicted"] / by["actual"]).round(3).to_string())


if __name__ == "__main__":
    main()
