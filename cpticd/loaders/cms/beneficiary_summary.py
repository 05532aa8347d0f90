"""DE-SynPUF beneficiary summaries: one row per person and year."""

from __future__ import annotations

import re

from cpticd.core.errors import InputError, SchemaError
from cpticd.loaders.intake import Intake
from cpticd.loaders.staging import UNIT, Staged

#: SSA state codes in their order: AL is 01.
_STATES = (
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS",
    "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC",
    "ND", "OH", "OK", "OR", "PA", "PR", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VI", "VA", "WA", "WV",
    "WI", "WY",
)  # fmt: skip


def load(intake: Intake, staged: Staged) -> None:
    """One member row per person and year of a beneficiary summary."""
    place = {name.strip().upper(): f"c{i}" for i, name in enumerate(staged.columns)}
    if "DESYNPUF_ID" not in place or "BENE_BIRTH_DT" not in place:
        raise SchemaError(
            f"{staged.source}: no column DESYNPUF_ID or BENE_BIRTH_DT; found {staged.columns[:20]}; "
            "not a DE-SynPUF beneficiary summary"
        )
    stated = re.search(r"(?<!\d)(20\d\d)(?!\d)", staged.source)
    if "BENE_YEAR" not in place and stated is None:
        raise InputError(
            f"{staged.source}: which year? Neither a column BENE_YEAR nor a file name with the year in it; "
            "rename the file, e.g. to beneficiary_2008.csv"
        )

    def cell(name: str) -> str:
        return place.get(name, "CAST(NULL AS VARCHAR)")

    states = " ".join(f"WHEN {n} THEN '{state}'" for n, state in enumerate(_STATES, start=1))
    year = cell("BENE_YEAR") if "BENE_YEAR" in place else f"'{stated[1] if stated else ''}'"
    data = intake.query(
        f"SELECT place, {cell('DESYNPUF_ID')} AS person_id, {year} AS year, {cell('BENE_BIRTH_DT')} AS "
        f"birth_date, "
        f"{cell('BENE_DEATH_DT')} AS death_date, CASE split_part({cell('BENE_SEX_IDENT_CD')}, '.', 1) WHEN "
        f"'1' THEN 'male' "
        "WHEN '2' THEN 'female' ELSE 'unknown' END AS sex, "
        f"CASE TRY_CAST({cell('SP_STATE_CODE')} AS DOUBLE) {states} END AS state, "
        f"CASE WHEN {cell('BENE_ESRD_IND')} IS NOT NULL THEN CASE WHEN upper({cell('BENE_ESRD_IND')}) IN "
        f"('Y', '1', '1.0') "
        f"THEN 'yes' ELSE 'no' END END AS esrd, {cell('BENE_HI_CVRAGE_TOT_MONS')} AS enrolled_months, "
        f"{cell('BENE_SMI_CVRAGE_TOT_MONS')} AS part_b_months, {cell('PLAN_CVRG_MOS_NUM')} AS part_d_months, "
        f"{cell('BENE_HMO_CVRAGE_TOT_MONS')} AS medicare_advantage_months "
        f"FROM {staged.table} ORDER BY place"
    )
    places = data.column("place").to_pylist()
    intake.add(
        "members",
        data.drop(["place"]),
        source=staged.source,
        locations=[f"{staged.word} {p}" for p in places],
    )
    intake.count(staged.source, UNIT, read=len(places), loaded=len(places))
