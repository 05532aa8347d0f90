"""Do payers deny unspecified codes more often than their specific siblings?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, Unpack

import numpy as np
import pandas as pd
import pyarrow as pa

from cpticd import cohort, sql, stats
from cpticd.claims import Claims
from cpticd.core.contract import CLOCKS, attach
from cpticd.core.frames import to_frame
from cpticd.specificity import inputs
from cpticd.specificity.odds import mantel_haenszel

Pointer = Literal["all", "primary"]

#: Of each thing that a code may leave open: which codes are compared (relation ``k``), and with which.
CONTRASTS: Final = {
    "any": ("k.unspecified AND k.specific_sibling AND NOT k.alternative", "NOT k.unspecified"),
    "condition": (
        "k.condition_unspecified AND k.specific_sibling AND NOT k.alternative",
        "NOT k.condition_unspecified",
    ),
    "laterality": ("k.laterality_missing", "k.sided AND NOT k.laterality_missing"),
    "severity": ("k.severity_missing AND k.specific_sibling", "NOT k.unspecified"),
    "acuity": ("k.acuity_missing AND k.specific_sibling", "NOT k.unspecified"),
    "encounter": ("k.episode_missing", "k.staged AND NOT k.episode_missing"),
}
#: What a line is always compared within.
STRATA: Final = {
    "diagnosis_category": "k.diagnosis_category",
    "episode": "k.episode",
    "payer": "o.payer",
    "hcpcs_code": "o.hcpcs_code",
}
#: Cells that a stratum is expected to hold at least, for the test of homogeneity: with 2 it is right in 95 of 100 cases
#: where nothing differs, with less it is not (strata of these claims are small).
MIN_EXPECTED: Final = 2.0
_CELLS: Final = ("a", "b", "c", "d")


def effect(
    claims: Claims,
    by: str | Sequence[str] | None = "diagnosis_family",
    *,
    missing: str = "any",
    within: str | Sequence[str] | None = None,
    pointer: Pointer = "all",
    min_lines: int = 20,
    confidence: float = 0.95,
    **filters: Unpack[cohort.Filters],
) -> pd.DataFrame:
    """One row per group: odds of an initial denial with an unspecified code against specific codes of its category.

    Parameters
    ----------
    by: ``diagnosis_family`` (chapter), ``diagnosis_category`` (three characters), hcpcs_code, or dimensions of
        ``cpticd.cohort.DIMENSIONS``; None gives one row.
    missing: what the unspecified code leaves open: ``any`` (its title says unspecified or NOS), ``condition``,
        ``laterality``, ``severity``, ``acuity`` or ``encounter`` (the seventh character).
    within: further dimensions within which lines are compared, such as ``("place", "quarter")``. Always compared
        within are procedure, payer, diagnosis category and, of injuries, episode (not where that is missing).
    pointer: ``all`` diagnoses that a line points to, or its ``primary`` one alone.
    min_lines: groups with fewer comparable lines of either kind are left out, and counted in the contract.
    filters: as in ``share``.

    Columns
    -------
    the dimensions; unspecified_lines, unspecified_denied, specific_lines, specific_denied, unspecified_rate,
    specific_rate, of lines in comparable strata (both kinds are there); other_lines (unspecified, nothing to compare
    with); strata (that tell something), persons, payers, procedures; odds_ratio (Mantel-Haenszel), low_odds_ratio
    and high_odds_ratio (Robins, Breslow and Greenland: as if lines were independent), clustered_low_odds_ratio and
    clustered_high_odds_ratio (linearised, lines of a person together); p_value (Cochran-Mantel-Haenszel, two-sided),
    q_value (Benjamini-Hochberg over the rows); homogeneity (Breslow-Day with Tarone's correction, over the
    homogeneity_df + 1 strata of which every cell is expected to hold two lines or more) and homogeneity_p_value:
    small where the odds ratio differs from stratum to stratum, so that one number does not say it all;
    excess_denials (unspecified_denied - what the specific codes' rates of the same strata would give);
    denied_amount (the unspecified codes' share of denied dollars in comparable strata).

    A line that points to an unspecified and to a specific code of the same category is not compared. Surest first:
    by q_value up to 0.10, then by excess_denials. The contract's ``records["total"]`` holds the same for all
    rows together.
    """
    inputs.one_of("missing", missing, CONTRASTS)
    inputs.one_of("pointer", pointer, ("all", "primary"))
    least = inputs.whole("min_lines", min_lines)
    wanted = inputs.columns(by, "hcpcs_code")
    names = [name for name, _ in wanted]
    inside = {
        **{name: column for name, column in STRATA.items() if name != "episode" or missing != "encounter"},
        **dict(wanted),
        **dict(inputs.columns(within, "hcpcs_code", argument="within")),
    }
    with inputs.coded(claims, filters, superseded=True) as (chosen, codes):
        lines = exposed_lines(chosen, codes, inside, missing, pointer)
        strata, counts = _strata(chosen, lines, list(inside), names)
        variance = _clustered(strata, chosen, lines, list(inside))
        found = _measured(strata, counts.set_index("group"), variance, names, confidence)
        total = _total(strata, confidence)
        told = chosen.contract
    enough = (found["unspecified_lines"] >= least) & (found["specific_lines"] >= least)
    result = _ordered(found[enough].drop(columns="log_variance"), names)
    mixed = int(counts["mixed_lines"].sum())
    return attach(
        result,
        records={"total": total},
        measure=f"denial odds of unspecified codes ({missing}) against specific codes of their category",
        numerator="lines denied at first adjudication",
        denominator=f"adjudicated lines that point to the category ({pointer} pointers)",
        clock=CLOCKS["initial"],
        exclusions="lines that point to both kinds; strata with one kind only; codes without a specific sibling; "
        f"groups with fewer than {least} comparable lines of either kind",
        rows_left_out=mixed + int(counts["other_lines"].sum()),
        lines_with_both_kinds=mixed,
        small_groups_left_out=int((~enough).sum()),
        compared_within=list(inside),
        interval=f"{confidence:.0%} Robins-Breslow-Greenland; clustered: linearised, by person",
        test="Cochran-Mantel-Haenszel, two-sided, Benjamini-Hochberg; homogeneity: Breslow-Day, Tarone, "
        f"over strata whose cells are expected to hold {MIN_EXPECTED:g} or more",
        family_size=int(result["p_value"].notna().sum()),
        code_set_release=inputs.RELEASE,
        cohort=told,
    )


def exposed_lines(
    chosen: cohort.Cohort, codes: str, inside: dict[str, str], missing: str, pointer: Pointer
) -> str:
    """The relation of adjudicated lines and categories (``specificity_lines.sql``)."""
    exposed, compared = CONTRASTS[missing]
    text = sql.text("specificity_lines").format(
        lines=chosen.name,
        codes=codes,
        exposed=exposed,
        compared=compared,
        select="".join(f"{column} AS {name}, " for name, column in inside.items()),
        by=", ".join(dict.fromkeys(inside.values())),
        pointer="AND p.is_primary" if pointer == "primary" else "",
    )
    return chosen.create("exposed", text)


def _strata(
    chosen: cohort.Cohort, lines: str, inside: list[str], names: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row per stratum that has both kinds of lines, its cells a to d; and counts of each group."""
    keys = ", ".join(inside)
    strata = to_frame(
        chosen.engine.fetch(
            f"""
            SELECT {keys}, sum(exposed * denied) AS a, sum(exposed * (1 - denied)) AS b,
                sum((1 - exposed) * denied) AS c, sum((1 - exposed) * (1 - denied)) AS d,
                sum(exposed * exposed_share * denied_amount) AS denied_amount
            FROM {lines} WHERE exposed + compared = 1 GROUP BY {keys}
            HAVING sum(exposed) > 0 AND sum(compared) > 0 ORDER BY {keys}
            """
        )
    )
    strata["group"] = _group(strata, names)
    select = "".join(f"l.{name}, " for name in names)
    same = " AND ".join(f"x.{key} = l.{key}" for key in inside)
    group = f"GROUP BY {', '.join(f'l.{name}' for name in names)}" if names else ""
    counts = to_frame(
        chosen.engine.fetch(
            f"""
            WITH both_kinds AS (
                SELECT {keys}, 1 AS matched FROM {lines} WHERE exposed + compared = 1 GROUP BY {keys}
                HAVING sum(exposed) > 0 AND sum(compared) > 0
            )
            SELECT {select}
                count(DISTINCT CASE WHEN matched = 1 AND exposed = 1 AND compared = 0 THEN l.person_id END) AS persons,
                count(DISTINCT CASE WHEN matched = 1 THEN l.payer END) AS payers,
                count(DISTINCT CASE WHEN matched = 1 THEN l.hcpcs_code END) AS procedures,
                count(CASE WHEN exposed = 1 AND compared = 0 AND matched IS NULL THEN 1 END) AS other_lines,
                count(CASE WHEN exposed + compared = 2 THEN 1 END) AS mixed_lines
            FROM {lines} l LEFT JOIN both_kinds x ON {same} {group}
            """
        )
    )
    counts["group"] = _group(counts, names)
    return strata, counts


def _group(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    """One label per combination of the dimensions; the same label in both frames."""
    if not names:
        return pd.Series("", index=frame.index, dtype="str")
    return frame[names].astype("str").agg("\x1f".join, axis=1)


def _measured(
    strata: pd.DataFrame, counts: pd.DataFrame, variance: pd.Series, names: list[str], confidence: float
) -> pd.DataFrame:
    common = mantel_haenszel(
        strata["group"], *(strata[cell] for cell in _CELLS), min_expected=MIN_EXPECTED, confidence=confidence
    )
    exposed, specific = strata["a"] + strata["b"], strata["c"] + strata["d"]
    sums = strata.assign(exposed=exposed, specific=specific, expected=exposed * strata["c"] / specific)
    sums = sums.groupby("group")[[*_CELLS, "exposed", "specific", "expected", "denied_amount"]].sum()
    frame = counts.join(sums, how="inner").join(common, how="left")
    half = stats.normal_quantile(confidence) * np.sqrt(variance.reindex(frame.index))
    whole = {name: frame[name].round().astype("int64") for name in ("exposed", "a", "specific", "c")}
    found = frame[names].assign(
        unspecified_lines=whole["exposed"],
        unspecified_denied=whole["a"],
        specific_lines=whole["specific"],
        specific_denied=whole["c"],
        unspecified_rate=frame["a"] / frame["exposed"],
        specific_rate=frame["c"] / frame["specific"],
        other_lines=frame["other_lines"],
        strata=frame["strata"].fillna(0).astype("int64"),
        **{name: frame[name].astype("int64") for name in ("persons", "payers", "procedures")},
        odds_ratio=frame["odds_ratio"],
        low_odds_ratio=frame["low"],
        high_odds_ratio=frame["high"],
        clustered_low_odds_ratio=frame["odds_ratio"] * np.exp(-half),
        clustered_high_odds_ratio=frame["odds_ratio"] * np.exp(half),
        p_value=frame["p_value"],
        homogeneity=frame["homogeneity"],
        homogeneity_df=frame["homogeneity_df"].fillna(0).astype("int64"),
        homogeneity_p_value=frame["homogeneity_p_value"],
        excess_denials=(frame["a"] - frame["expected"]).round(6),
        denied_amount=frame["denied_amount"].astype(float).round(2),
        log_variance=frame["log_variance"],
    )
    return found.reset_index(drop=True)


def _clustered(strata: pd.DataFrame, chosen: cohort.Cohort, relation: str, inside: list[str]) -> pd.Series:
    """Variance of each group's log odds ratio when lines of a person hang together: squares of persons' sums.

    A line counts with the derivative of log(sum ad/n) - log(sum bc/n) by its cell.
    """
    t = strata[[*inside, "group"]].copy()
    a, b, c, d = (strata[cell].astype(float) for cell in _CELLS)
    n = a + b + c + d
    total_r = (a * d / n).groupby(strata["group"]).transform("sum")
    total_s = (b * c / n).groupby(strata["group"]).transform("sum")
    r, s = a * d / n**2, b * c / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        t["w_a"] = (d / n - r) / total_r + s / total_s
        t["w_b"] = -r / total_r - (c / n - s) / total_s
        t["w_c"] = -r / total_r - (b / n - s) / total_s
        t["w_d"] = (a / n - r) / total_r + s / total_s
    t = t.loc[np.isfinite(t[["w_a", "w_b", "w_c", "w_d"]].to_numpy(float)).all(axis=1)]
    weights = chosen.load("weights", pa.Table.from_pandas(t, preserve_index=False))
    same = " AND ".join(f"w.{key} = l.{key}" for key in inside)
    sums = to_frame(
        chosen.engine.fetch(
            f"""
            WITH persons AS (
                SELECT w."group" AS grp, l.cluster, sum(CASE WHEN exposed = 1
                    THEN CASE WHEN denied = 1 THEN w_a ELSE w_b END
                    ELSE CASE WHEN denied = 1 THEN w_c ELSE w_d END END) AS total
                FROM {relation} l JOIN {weights} w ON {same}
                WHERE exposed + compared = 1
                GROUP BY w."group", l.cluster
            )
            SELECT grp, count(*) AS clusters, sum(total * total) AS squares FROM persons GROUP BY grp ORDER BY grp
            """
        )
    )
    clusters = sums["clusters"].astype(float)
    variance = (sums["squares"] * clusters / (clusters - 1)).where(clusters > 1).round(12)
    return pd.Series(variance.to_numpy(float), index=pd.Index(sums["grp"], name="group"))


def _total(strata: pd.DataFrame, confidence: float) -> dict[str, Any]:
    """All strata as one group."""
    cells = (strata[cell] for cell in _CELLS)
    row = mantel_haenszel(np.zeros(len(strata)), *cells, min_expected=MIN_EXPECTED, confidence=confidence)
    if row.empty:
        return {}
    one = row.iloc[0]
    names = {"low": "low_odds_ratio", "high": "high_odds_ratio"}
    columns = [
        "strata", "odds_ratio", "low", "high", "p_value", "homogeneity", "homogeneity_df", "homogeneity_p_value",
    ]  # fmt: skip
    found = {names.get(name, name): float(one[name]) for name in columns}
    return {
        "unspecified_lines": int((strata["a"] + strata["b"]).sum()),
        "specific_lines": int((strata["c"] + strata["d"]).sum()),
        "unspecified_denied": int(strata["a"].sum()),
        **found,
    }


def _ordered(found: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    found = found.assign(q_value=stats.benjamini_hochberg(found["p_value"].to_numpy(float)))
    later = ~(found["q_value"] <= 0.10)
    found = found.assign(_later=later).sort_values(
        ["_later", "excess_denials", "unspecified_lines", *names],
        ascending=[True, False, False, *[True] * len(names)], ignore_index=True,
    )  # fmt: skip
    columns = [name for name in found.columns if name not in ("_later", "q_value")]
    place = columns.index("p_value") + 1
    return found[[*columns[:place], "q_value", *columns[place:]]]
