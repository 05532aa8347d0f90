"""Until when a denial can be mended, and by whom: the tables ``deadlines`` and ``routes``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd
import pyarrow as pa

from cpticd import reference
from cpticd.core.errors import SchemaError

#: Deadlines of the user's own, as DataFrame, Arrow table or file.
Deadlines: TypeAlias = pd.DataFrame | pa.Table | str | Path | None
#: What a row of deadlines may count, and from when: columns of open denials.
ACTIONS: Final = ("corrected claim", "appeal", "second appeal")
CLOCKS: Final = {"service": "service_date", "denial": "denied_date", "latest decision": "last_paid_date"}
UNITS: Final = ("days", "months")
_ANY: Final = "*"


def deadline_table(deadlines: Deadlines = None) -> pd.DataFrame:
    """One row per payer, kind of payer and action: the built-in deadlines, with the user's rows in their place.

    Raises SchemaError for columns that are missing, or an action, unit or clock that there is not.
    """
    built_in = reference.table("deadlines")
    found = built_in
    if deadlines is not None:
        found = reference.amended("deadlines", built_in, reference.replacement("deadlines", deadlines))
    frame = found.to_pandas()
    for column, known in (("action", ACTIONS), ("unit", UNITS), ("counted_from", tuple(CLOCKS))):
        if wrong := sorted(set(frame[column]) - set(known)):
            raise SchemaError(f"deadlines: {column} {wrong[0]!r}; expected {', '.join(known)}")
    if (frame["length"] < 0).any():
        raise SchemaError("deadlines: found a negative length; give days or months, 0 or more")
    return frame


def last_days(found: pd.DataFrame, deadlines: pd.DataFrame) -> pd.Series:
    """One day per open denial: the last on which its action may be taken; missing where that is not known.

    ``found``: payer, payer_kind, action, service_date, denied_date, last_paid_date, is_denied_again.
    """
    again = found["is_denied_again"].astype(bool) & (found["action"] == "appeal")
    action = found["action"].mask(again, "second appeal")
    days = pd.Series(pd.NaT, index=found.index, dtype="datetime64[s]")
    known: dict[tuple[str, str, str], Any] = {
        (str(row.payer), str(row.payer_kind), str(row.action)): row for row in deadlines.itertuples()
    }
    payers = {payer for payer, _, _ in known if payer != _ANY}
    named = found["payer"].where(found["payer"].isin(payers), _ANY)
    kinds = found["payer_kind"].fillna("").astype(str)
    keys = pd.DataFrame({"payer": named, "kind": kinds, "action": action})
    for _, part in keys.groupby(["payer", "kind", "action"], sort=False):
        rows = part.index
        payer, kind, wanted = part.iloc[0].tolist()
        choices = ((payer, kind, wanted), (payer, _ANY, wanted), (_ANY, kind, wanted), (_ANY, _ANY, wanted))
        row = next((known[choice] for choice in choices if choice in known), None)
        if row is not None:
            start = pd.to_datetime(found.loc[rows, CLOCKS[str(row.counted_from)]])
            length = int(row.length)
            step = pd.DateOffset(months=length) if row.unit == "months" else pd.DateOffset(days=length)
            days.loc[rows] = (start + step).astype("datetime64[s]")
    return days


def routes(found: pd.DataFrame) -> pd.DataFrame:
    """One row per open denial: route and action, by category, CARC, RARCs and group; the most specific row holds."""
    rows = reference.table("routes").to_pandas()
    known = {
        (str(r.category), str(r.carc), str(r.rarc), str(r.group_code)): (str(r.route), str(r.action))
        for r in rows.itertuples()
    }
    columns = ["category", "carc", "rarcs", "group_code"]
    texts = found[columns].astype(object).where(found[columns].notna(), "")
    place, distinct = pd.factorize(pd.MultiIndex.from_frame(texts))
    chosen = [_route(known, tuple(map(str, key))) for key in distinct]
    both = [chosen[each] for each in place]
    return pd.DataFrame(both, columns=["route", "action"], index=found.index, dtype="str")


def _route(
    known: Mapping[tuple[str, str, str, str], tuple[str, str]], cause: tuple[str, ...]
) -> tuple[str, str]:
    """Remarks before reasons, reasons before the group that bears the denial, the group before the category."""
    category, carc, rarcs, group = cause
    choices = [
        *((category, reason, remark, _ANY) for remark in rarcs.split() for reason in (carc, _ANY)),
        (category, carc, _ANY, _ANY),
        (category, _ANY, _ANY, group),
        (_ANY, _ANY, _ANY, group),
        (category, _ANY, _ANY, _ANY),
    ]
    return next((known[choice] for choice in choices if choice in known), known[_ANY, _ANY, _ANY, _ANY])
