"""What the claims of a batch report of other payers' decisions: of the claim (2320, 2330B), of a line (2430)."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.x12 import qualifiers
from cpticd.loaders.x12.cells import code, dates, decimals, service
from cpticd.loaders.x12.loops import First, element, positions, triplets
from cpticd.loaders.x12.loops837 import Loops837
from cpticd.loaders.x12.places import Zone, tagged
from cpticd.loaders.x12.segments import Rows, pack, places

#: What a decision says of a service beside its code: SVD03-3 to 6, SVD04.
_BESIDE: Final = (*(f"hcpcs_modifier_{k}" for k in range(1, 5)), "revenue_center_code")


class Others837:
    """Reads the loops of other payers, numbered 1, 2, … within their claim (``place``)."""

    def __init__(self, loops: Loops837) -> None:
        self.loops, self.s, self.w, self.notes = loops, loops.s, loops.w, loops.notes
        s, w = self.s, self.w
        self.payers = w.rows((w.zone == Zone.OTHER_PAYER) & (s.tag == pack("SBR")))
        self.answers = w.rows((w.zone == Zone.LINE) & (s.tag == pack("SVD")))
        self.answers = self.answers[loops.first_of_line.of_owner[w.line[self.answers]] >= 0]

    def tables(self) -> dict[str, pa.Table]:
        if not len(self.payers) and not len(self.answers):
            return {}
        s = self.s
        self.payer_of = s.last(self._mask(self.payers))
        self.answer_of = s.last(self._mask(self.answers))
        self.id = self._named(9)
        place_of = np.zeros(s.size, np.int32)
        place_of[self.payers] = places(self.w.claim[self.payers])
        place_of[self.answers] = self._places(place_of)
        return {
            "reported": pa.concat_tables([self._of_claims(place_of), self._of_lines(place_of)]),
            "reported_adjustments": self._adjustments(place_of),
        }

    def _mask(self, rows: Rows) -> np.ndarray:
        mask = np.zeros(self.s.size, np.bool_)
        mask[rows] = True
        return mask

    def _own(self, tag: str, which: str) -> Rows:
        """The first segment of a kind in the loop of each other payer; -1 where there is none."""
        mask = (self.w.zone == Zone.OTHER_PAYER) & (self.s.tag == pack(tag))
        rows = self.w.rows(mask & (self.s.first_value == pack(which)))
        return First(self.payers, self.s.size)(rows, self.payer_of)

    def _named(self, k: int) -> pa.Array:
        return element(self.s, self._own("NM1", "PR"), k)

    def _places(self, place_of: np.ndarray) -> list[int]:
        """Which of its claim's other payers each SVD is of: by identifier, else the only one, else a further one."""
        w = self.w
        known: dict[int, dict[str | None, int]] = {}
        for row, name in zip(self.payers.tolist(), self.id.to_pylist(), strict=True):
            known.setdefault(int(w.claim[row]), {}).setdefault(name, int(place_of[row]))
        found = []
        names = self.s.get(self.answers, 1).to_pylist()
        for claim, name in zip(w.claim[self.answers].tolist(), names, strict=True):
            mine = known.setdefault(claim, {})
            if name not in mine:
                alone = len(mine) == 1 and (name is None or next(iter(mine)) is None)
                mine[name] = next(iter(mine.values())) if alone else len(mine) + 1
            found.append(mine[name])
        return found

    def _of_claims(self, place_of: np.ndarray) -> pa.Table:
        """The other payers of which a claim says that they have decided: what they paid, adjusted, or when."""
        s, w, notes = self.s, self.w, self.notes
        paid, day = self._own("AMT", "D"), self._own("DTP", "573")
        decided = (paid >= 0) | (day >= 0)
        said = w.rows((w.zone == Zone.OTHER_PAYER) & tagged(s, "CAS", "MIA", "MOA"))
        decided |= np.isin(self.payers, self.payer_of[said])
        answered = w.claim[self.answers].astype(np.int64) << 8 | place_of[self.answers]
        decided |= np.isin(w.claim[self.payers].astype(np.int64) << 8 | place_of[self.payers], answered)
        paid_date, _ = dates(element(s, day, 3), day, notes, "DTP03", "adjudications")
        table = pa.table(
            {
                "key": s.key[w.claim[self.payers]],
                "place": place_of[self.payers],
                "line": pa.nulls(len(self.payers), pa.int32()),
                "payer": pc.coalesce(self._named(3), self.id),
                "payer_id": self.id,
                "payer_sequence": qualifiers.payer_orders(s.get(self.payers, 1)),
                "paid_date": paid_date,
                **{name: pa.nulls(len(self.payers), pa.string()) for name in ("hcpcs_code", *_BESIDE)},
                "paid_amount": decimals(element(s, paid, 2), 2, paid, notes, ("adjudications", "AMT02")),
                "service_unit_quantity": pa.nulls(len(self.payers), pa.decimal128(18, 3)),
            }
        )
        return table.filter(pa.array(decided))

    def _of_lines(self, place_of: np.ndarray) -> pa.Table:
        s, w, rows, notes = self.s, self.w, self.answers, self.notes
        decided = w.rows((w.zone == Zone.LINE) & (s.tag == pack("DTP")) & (s.first_value == pack("573")))
        day = First(rows, s.size)(decided, np.where(self.answer_of > w.line, self.answer_of, -1))
        paid_date, _ = dates(element(s, day, 3), day, notes, "DTP03", "line_payments")
        lines = np.zeros(s.size, np.int32)
        lines[self.loops.opens] = places(w.claim[self.loops.lines])
        about, done = "line_payments", service(s.get(rows, 3))
        return pa.table(
            {
                "key": s.key[w.claim[rows]],
                "place": place_of[rows],
                "line": lines[w.line[rows]],
                "payer": pa.nulls(len(rows), pa.string()),
                "payer_id": s.get(rows, 1),
                "payer_sequence": pa.nulls(len(rows), pa.int32()),
                "paid_date": paid_date,
                "hcpcs_code": done.code,
                **dict(zip(_BESIDE, [*done.modifiers, code(s.get(rows, 4))], strict=True)),
                "paid_amount": decimals(s.get(rows, 2), 2, rows, notes, (about, "SVD02")),
                "service_unit_quantity": decimals(s.get(rows, 5), 3, rows, notes, (about, "SVD05")),
            }
        )

    def _adjustments(self, place_of: np.ndarray) -> pa.Table:
        s, w = self.s, self.w
        of_claim = w.rows((w.zone == Zone.OTHER_PAYER) & (s.tag == pack("CAS")))
        of_line = w.rows((w.zone == Zone.LINE) & (s.tag == pack("CAS")))
        of_line = of_line[self.answer_of[of_line] > w.line[of_line]]
        rows = np.union1d(of_claim, of_line)
        found, columns = triplets(s, rows, self.notes)
        in_line = w.zone[found] == Zone.LINE
        owner = np.where(in_line, self.answer_of[found], self.payer_of[found])
        lines = np.zeros(s.size, np.int32)
        lines[self.loops.opens] = places(w.claim[self.loops.lines])
        return pa.table(
            {
                "key": s.key[w.claim[found]],
                "place": place_of[owner],
                "line": pa.array(lines[np.maximum(w.line[found], 0)], pa.int32(), mask=~in_line),
                "adjustment_position": positions(owner),
                **columns,
            }
        )
