"""Claims that never reached adjudication: what 277CA, 999 and 997 turn away, read and tied to the claims they answer.

Our own words of the guides 005010X214 (277CA) and 005010X231 (999). A claim is turned away by a status of category A3,
A6, A7 or A8, a transaction set by R, M, W or X, a functional group by R in AK9. An accepted one says nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import sql
from cpticd.loaders.intake import Intake
from cpticd.loaders.x12.cells import Notes, code, dates, decimals
from cpticd.loaders.x12.loops import First, element
from cpticd.loaders.x12.places import Place, Zone, tagged
from cpticd.loaders.x12.segments import Mask, Rows, Segments, components, pack

_TURNED_AWAY: Final = ("A3", "A6", "A7", "A8")
_REFUSED: Final = ("R", "M", "W", "X")
_STAGED: Final = ("claims", "sets", "turned_away", "turned_away_sets")


class Acknowledgements:
    """Reads the 277CAs, 999s and 997s of one batch; ``tables()`` gives the staged tables by name."""

    def __init__(self, segments: Segments, where: Place, notes: Notes) -> None:
        self.s, self.w, self.notes = segments, where, notes

    def tables(self) -> dict[str, pa.Table]:
        inside = (self.w.zone == Zone.ANSWER) & ~self.s.carried
        if not inside.any():
            return {}
        return {"turned_away": self._claims(inside), "turned_away_sets": self._sets(inside)}

    def _claims(self, inside: Mask) -> pa.Table:
        """One row per claim of a 277CA that was turned away: TRN of its level, with the STC behind it."""
        s, w, notes, which = self.s, self.w, self.notes, self.s.first_value
        claims = w.rows(inside & (s.tag == pack("TRN")) & (which == pack("2")) & (w.claim >= 0))
        of_claim = s.last(_marked(claims, s.size))
        of_claim = np.where(of_claim > w.claim, of_claim, -1)
        said = w.rows(inside & (s.tag == pack("STC")) & (of_claim >= 0))
        parts = components(s.get(said, 1))
        category = parts.get(slice(None), 0)
        refused = np.asarray(pc.is_in(category, value_set=pa.array(_TURNED_AWAY)))
        status = First(claims, s.size)(said[refused], of_claim)
        claims, status = claims[status >= 0], status[status >= 0]
        patient = First(w.claim[claims], s.size)(
            w.rows(inside & (s.tag == pack("NM1")) & (which == pack("QC"))), w.claim
        )
        heads = (w.zone == Zone.ANSWER_HEAD) & (s.tag == pack("NM1")) & w.accepted
        payer = s.last(heads & ((which == pack("PR")) | (which == pack("AY"))))[claims]
        payer = np.where(payer >= w.start[claims], payer, -1)
        day, _ = dates(s.get(status, 2), status, notes, "STC02", "claims")
        coded = components(s.get(status, 1))
        reason = pc.binary_join_element_wise(
            coded.get(slice(None), 0), pc.fill_null(coded.get(slice(None), 1), ""), ":"
        )
        return pa.table(
            {
                "key": s.key[claims],
                "source_claim_id": s.get(claims, 2),
                "payer": element(s, payer, 3),
                "day": day,
                "status": code(coded.get(slice(None), 0)),
                "reason": pc.utf8_rtrim(reason, ":"),
                "person_id": element(s, patient, 9),
                "charge_amount": decimals(s.get(status, 4), 2, status, notes, ("claims", "STC04")),
            }
        )

    def _sets(self, inside: Mask) -> pa.Table:
        """One row per transaction set, or group of them, that a 999 or 997 refuses."""
        s, w = self.s, self.w
        verdict = w.rows(inside & tagged(s, "IK5", "AK5", "AK9"))
        refused = verdict[np.asarray(pc.is_in(s.get(verdict, 1), value_set=pa.array(_REFUSED)))]
        group = s.last(inside & (s.tag == pack("AK1")))[refused]
        answered = s.last(inside & (s.tag == pack("AK2")))[refused]
        answered = np.where((answered > group) & (s.tag[refused] != pack("AK9")), answered, -1)
        # A set of claims, or a group of them (HC).
        names = pc.coalesce(element(s, answered, 1), element(s, group, 1))
        ours = np.asarray(pc.is_in(names, value_set=pa.array(["837", "HC"])))
        refused, group, answered = refused[ours], group[ours], answered[ours]
        sent = s.last(s.tag == pack("GS"))[refused]
        day, _ = dates(element(s, sent, 4), sent, self.notes, "GS04", "segments")
        tag = pc.if_else(pa.array(s.tag[refused] == pack("AK9")), "AK9", "IK5")
        reason = pc.binary_join_element_wise(tag, s.get(refused, 1), pc.fill_null(s.get(refused, 2), ""), ":")
        return pa.table(
            {
                "key": s.key[refused],
                "group_control": element(s, group, 2),
                "set_control": element(s, answered, 2),
                "day": day,
                "status": s.get(refused, 1),
                "reason": pc.utf8_rtrim(reason, ":"),
            }
        )


def _marked(rows: Rows, size: int) -> Mask:
    mask = np.zeros(size, np.bool_)
    mask[rows] = True
    return mask


def mark(intake: Intake, staged: Mapping[str, pa.Table], sources: Mapping[int, str]) -> None:
    """Say of the claims in ``intake`` which were turned away before adjudication, when and why; each with a note."""
    if not staged["turned_away"].num_rows and not staged["turned_away_sets"].num_rows:
        return
    numbers = sorted(sources)
    named = {
        "number": pa.array(numbers, pa.int64()),
        "name": pa.array([sources[n] for n in numbers], pa.string()),
    }
    tables = {name: staged[name] for name in _STAGED} | {"sources": pa.table(named)}
    for name, table in tables.items():
        intake.engine.connection.register(f"x12_{name}", table)
    try:
        intake.execute(sql.text("x12/turned_away").format(claims=intake.every("claims")))
        for table in ("claims", "earlier_claims") if intake.has_earlier("claims") else ("claims",):
            intake.execute(sql.text("x12/mark_turned_away").format(claims=table))
        intake.reject_many(intake.query(sql.text("x12/turned_away_notes")))
    finally:
        intake.execute("DROP TABLE IF EXISTS x12_rejected; DROP TABLE IF EXISTS x12_refused_set")
        for name in tables:
            intake.engine.connection.unregister(f"x12_{name}")
