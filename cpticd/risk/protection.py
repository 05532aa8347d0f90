"""How counts of conditions leave: what each table loses where it, or a difference from its sums, is of few persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from cpticd.core.contract import amend, carry, records_of
from cpticd.risk.kinds import GAPS, OPEN, REVIEWED, UNSUPPORTED
from cpticd.risk.nesting import nested

if TYPE_CHECKING:
    from cpticd.claims import Claims

#: Counts beside a prevalence, which are small where its rate is not, and what follows from them.
_BESIDE: Final = ("open_gaps", "added", "doubtful", "removed")
_EXPECTED: Final = ("expected", "expected_low", "expected_high")
#: Columns of recapture that leave; incidence and persistence are of other persons, who are not counted here.
_RECAPTURE: Final = ("hcc", "label", "year", "due", "recaptured", "recapture_rate", "low", "high")


def _hidden(listed: pd.DataFrame, minimum: int) -> list[tuple[str, ...]]:
    """What may not be shown of conditions (person_id, hcc, kind): (direction, kind, hcc), or what these begin with.

    Shown are all together, each direction, each kind, and each condition of a kind: totals within totals.
    """
    direction = listed["kind"].astype(str).where(listed["kind"] == UNSUPPORTED, GAPS)
    whole = nested(listed.assign(direction=direction), ["direction", "kind", "hcc"])
    whole.settle(minimum)
    return [total.name for total in whole.everything() if total.hidden]


def impact(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """The impact without the conditions and kinds of few persons, and its totals without theirs.

    ``records["hidden_kinds"]``: kinds, directions and ``reviewed`` whose totals were left out.
    """
    if frame.empty:
        return frame, 0
    opened = frame[frame["status"] == OPEN]
    hidden = _hidden(opened[["person_id", "hcc", "kind"]], minimum)
    gone = {name[1:] for name in hidden if len(name) == len(("direction", "kind", "hcc"))}
    kinds = {
        name[-1] if name else REVIEWED for name in hidden if len(name) < len(("direction", "kind", "hcc"))
    }
    keys = zip(opened["kind"].astype(str), opened["hcc"].astype(str), strict=True)
    visible = set(keys) - gone
    kept = [key in visible for key in zip(frame["kind"].astype(str), frame["hcc"].astype(str), strict=True)]
    totals = [record for record in records_of(frame).get("totals", []) if str(record["kind"]) not in kinds]
    shown = carry(frame, frame[kept].reset_index(drop=True))
    return amend(shown, {"totals": totals, "hidden_kinds": sorted(kinds)}), len(hidden)


def prevalence(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Conditions that enough persons have and enough have not; what review would change, where no kind is hidden.

    The same conditions by kind leave with the impact: where one of a condition's kinds may not be shown, neither may
    its sum over kinds, nor what is doubted where the rest of it, on no claim that counts, is of few.
    """
    coded, rest = frame["coded_persons"], frame["persons"] - frame["coded_persons"]
    shown = frame[(coded >= minimum) & _enough(rest, minimum)].reset_index(drop=True)
    listed: pd.DataFrame = records_of(frame)["listed"]
    doubted = listed.loc[listed["kind"] == UNSUPPORTED, "hcc"].value_counts()
    uncounted = shown["hcc"].astype(str).map(doubted).fillna(0) - shown["doubtful"]
    of_few = shown["hcc"].astype(str).isin({name[-1] for name in _hidden(listed, minimum) if name})
    of_few |= ~_enough(uncounted, minimum)
    for name in (*_BESIDE, *_EXPECTED):
        values = shown[name].astype("Float64")
        small = of_few | (values.between(0, minimum, inclusive="neither") if name in _BESIDE else False)
        shown[name] = values.mask(small)
    return amend(carry(frame, shown), {"listed": listed.head(0)}), len(frame) - len(shown)


def recapture(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Conditions and years with enough persons who came back and enough who did not."""
    frame_of = frame[list(_RECAPTURE)]
    due = frame_of["due"].fillna(0)
    again = frame_of["recaptured"].fillna(0)
    large = (due >= minimum) & _enough(again, minimum) & _enough(due - again, minimum)
    shown = frame_of[(due == 0) | large].reset_index(drop=True)
    return carry(frame, shown), len(frame) - len(shown)


def calibration(frame: pd.DataFrame, claims: Claims, minimum: int) -> tuple[pd.DataFrame, int]:
    """Confidences of kinds of whom nobody was reviewed, or enough; counts of strata with enough on either side."""
    reviewed = pd.DataFrame(
        records_of(frame).get("reviewed", []), columns=["kind", "stratum", "persons", "confirmed", "other"]
    )
    persons = frame["kind"].map(records_of(frame).get("persons", {})).fillna(0)
    sides = frame[["kind", "stratum"]].merge(reviewed, on=["kind", "stratum"], how="left").fillna(0)
    enough = _enough(sides["confirmed"], minimum) & _enough(sides["other"], minimum)
    keep = _enough(persons, minimum).to_numpy() & enough.to_numpy()
    return carry(frame, frame[keep].reset_index(drop=True)), int((~keep).sum())


def _enough(values: pd.Series, minimum: int) -> pd.Series:
    return (values >= minimum) | (values == 0)
