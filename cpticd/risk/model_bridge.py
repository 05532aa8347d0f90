"""From the mean score of one model to that of another: what each reason, condition or panel changes."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cpticd.core.arguments import one_of
from cpticd.core.contract import attach, records_of, terms_of
from cpticd.core.errors import ArgumentError
from cpticd.core.measure import Part, Protected, measure
from cpticd.risk.care_team import check_columns
from cpticd.risk.model_change import REASONS
from cpticd.risk.protection import rows_of_enough
from cpticd.stats import normal_quantile

_BY: Final = {"reason": ["reason"], "condition": ["from_hccs", "to_hccs", "label", "reason"]}


@measure(
    heading="From one model to the other",
    leaves=Protected(rows_of_enough(("persons", "population"))),
    chart="model_bridge",
    of_claims=False,
    report=[
        Part(
            "risk_bridge", "risk", "From one model to the other",
            lambda given: {"change": given.part("risk_change")},
            detail="full",
        )
    ],
)  # fmt: skip
def model_bridge(
    change: pd.DataFrame,
    *,
    by: str = "reason",
    panels: pd.DataFrame | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per reason, condition or panel: what it changes of the mean payment score from one model to another.

    Parameters
    ----------
    change: as :func:`cpticd.risk.model_change` returns it.
    by: reason, condition (the HCCs of both models), or a column of ``panels``.
    panels: person_id and the column ``by``, such as a worklist's rendering_npi; each person's first row counts, and who
        is not in it is of the panel (unknown).
    confidence: of the intervals, whose units are persons.

    Columns
    -------
    What ``by`` names, persons (with the reason or condition; of the panel), population (all persons; of the panel),
    from_score, to_score and change (sums over the persons / population: points of the mean payment score; rows of
    reasons and conditions add up to the difference of the means), low, high. The contract's ``records["totals"]`` has
    the means of both models.

    Raises ArgumentError for another frame, or a ``by`` that it does not have.

    >>> import pandas as pd
    >>> import cpticd as cx
    >>> members = pd.DataFrame({"person_id": ["A"], "age": [70], "sex": ["F"]})
    >>> codes = pd.DataFrame({"person_id": ["A"], "diagnosis_code": ["I70.209"]})
    >>> change = cx.risk.model_change(members, codes, payment_year=2025)
    >>> cx.risk.model_bridge(change)["reason"].tolist()
    ['demographic', 'no longer mapped']
    """
    if "people" not in records_of(change):
        raise ArgumentError("change: give the DataFrame of risk.model_change as it came")
    people: pd.DataFrame = records_of(change)["people"]
    first, second = terms_of(change)["models"]
    if panels is None:
        one_of("by", by, _BY)
        frame = _parts(change, _BY[by], len(people), confidence)
    else:
        check_columns(panels, ["person_id", by], "panels")
        frame = _panels(people, panels, by, confidence)
    means = {
        name: float(people[name].mean()) if len(people) else np.nan for name in ("from_score", "to_score")
    }
    return attach(
        frame,
        measure=f"change of the mean payment score from {first} to {second}, by {by}",
        numerator="sum of the changes of persons",
        denominator="persons whom both models score; of a panel: those in it",
        clock=f"payment year {terms_of(change)['payment_year']}, by both models",
        exclusions="persons whom one of the models does not score",
        models=(first, second),
        payment_year=terms_of(change)["payment_year"],
        interval=f"{100 * confidence:g} %, normal, units are persons",
        records={"totals": [{"persons": len(people), **means}]},
    )


def _parts(change: pd.DataFrame, keys: list[str], population: int, confidence: float) -> pd.DataFrame:
    rows = change if keys == ["reason"] else change[change["part"] == "condition"]
    scores = ["from_score", "to_score", "change"]
    each = rows.groupby([*keys, "person_id"])[scores].sum().reset_index()
    each["squares"] = each["change"] ** 2
    by = each.groupby(keys)
    frame = by[[*scores, "squares"]].sum() / max(population, 1)
    frame.insert(0, "persons", by.size())
    frame.insert(1, "population", population)
    spread = np.sqrt((frame.pop("squares") - frame["change"] ** 2).clip(lower=0) / max(population - 1, 1))
    half = normal_quantile(confidence) * spread
    frame["low"], frame["high"] = frame["change"] - half, frame["change"] + half
    frame = frame.reset_index()
    if keys == ["reason"]:
        order = frame["reason"].map({reason: place for place, reason in enumerate(REASONS)})
        return frame.iloc[np.argsort(order.to_numpy())].reset_index(drop=True)
    frame["size"] = frame["change"].abs()
    frame = frame.sort_values(["size", *keys], ascending=[False, *[True] * len(keys)], ignore_index=True)
    return frame.drop(columns="size")


def _panels(people: pd.DataFrame, panels: pd.DataFrame, by: str, confidence: float) -> pd.DataFrame:
    of = panels[["person_id", by]].astype({"person_id": "str"}).drop_duplicates("person_id")
    rows = people.merge(of, on="person_id", how="left")
    rows[by] = rows[by].astype(object).where(rows[by].notna(), "(unknown)").astype("str")
    rows["change"] = rows["to_score"] - rows["from_score"]
    groups = rows.groupby(by)
    frame = groups[["from_score", "to_score", "change"]].mean()
    frame.insert(0, "persons", groups.size())
    frame.insert(1, "population", groups.size())
    half = normal_quantile(confidence) * groups["change"].std(ddof=1) / np.sqrt(frame["persons"])
    frame["low"], frame["high"] = frame["change"] - half, frame["change"] + half
    return frame.reset_index().sort_values(["change", by], ignore_index=True)
