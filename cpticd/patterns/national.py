"""How Medicare's clinicians divide their visits over levels, to hold a mix of levels against."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import reference
from cpticd.core.errors import ArgumentError
from cpticd.patterns import code_levels

NATIONAL: Final = "national"
#: Columns that are of the nation, and those that hold a group against it.
COLUMNS: Final = ("national_share", "national_mean_level")
COMPARED: Final = ("share_difference", "mean_difference")


def against_nation(
    mixed: pd.DataFrame, against: str, folder: str | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A mix of levels with the shares and mean level of Medicare's clinicians; and what a contract says of them.

    ``against``: "national", or a specialty as the file writes it. Raises ArgumentError where no file was added, or it
    has no such specialty.
    """
    counts, release = _counted(against, folder)
    levels = pd.DataFrame([row for rows in code_levels.families().values() for row in rows])
    first, last = pd.Timestamp(f"{release}-01-01"), pd.Timestamp(f"{release}-12-31")
    begins, stops = (pd.to_datetime(levels[name]) for name in ("effective_from", "effective_to"))
    levels = levels[(begins.isna() | (begins <= last)) & (stops.isna() | (stops >= first))]
    of_level = levels.merge(counts, on="code").groupby(["family", "level"])["services"].sum().reset_index()
    total = of_level.groupby("family")["services"].transform("sum")
    of_level["national_share"] = of_level["services"] / total
    weighted = (of_level["national_share"] * of_level["level"]).groupby(of_level["family"]).sum()
    found = mixed.merge(of_level[["family", "level", "national_share"]], on=["family", "level"], how="left")
    known = found["family"].isin(of_level["family"])
    found["national_share"] = found["national_share"].where(~known, found["national_share"].fillna(0.0))
    found["national_mean_level"] = found["family"].map(weighted).astype(float)
    found["share_difference"] = found["share"] - found["national_share"]
    found["mean_difference"] = found["mean_level"] - found["national_mean_level"]
    unknown = sorted(set(mixed["family"]) - set(of_level["family"]))
    return found, {
        "against": f"Medicare's clinicians in {release}, {against}: services by code, of 11 beneficiaries or more",
        "families_not_national": unknown or "none",
    }


def _counted(against: str, folder: str | None) -> tuple[pd.DataFrame, str]:
    """Services by code of all clinicians, or of a specialty, in the newest year that was added."""
    try:
        every = reference.release("medicare_services", folder=folder).to_pandas()
    except ArgumentError as error:
        raise ArgumentError(
            f"{error}; it is CMS's Medicare Physician and Other Practitioners, by provider and service, or by "
            "geography and service (data.cms.gov)"
        ) from error
    newest = every["effective_from"].max()
    rows = every[every["effective_from"] == newest]
    if against != NATIONAL:
        there = sorted({*rows["specialty"]} - {""})
        if against not in there:
            raise ArgumentError(
                f"against={against!r}: expected 'national' or one of {there or 'none: no specialties'}"
            )
        rows = rows[rows["specialty"] == against]
    release = str(np.datetime64(newest, "Y"))
    return rows.groupby("code")["services"].sum().reset_index(), release
