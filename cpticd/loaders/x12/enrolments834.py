"""Members of the 834s of a batch, with their coverages, as columns keyed by segment.

Which element says what is the table ``enrolment_layout`` (guide 005010X220A1 and its 4010 forerunner; our own words).
What it comes to, member by member and month by month, is worked out of all sets together (``enrolments``).
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference
from cpticd.loaders.x12.cells import Notes, code, dates
from cpticd.loaders.x12.loops import First, element, person_hash
from cpticd.loaders.x12.places import Place, Zone
from cpticd.loaders.x12.segments import Rows, Segments, components, pack

_ZONES: Final = {"head": Zone.ENROL_HEAD, "member": Zone.MEMBER, "coverage": Zone.COVERAGE}
_NOTHING: Final = pa.scalar(None, pa.string())


class Enrolments834:
    """Reads the 834s of one batch; ``tables()`` gives the staged tables by name."""

    def __init__(self, segments: Segments, where: Place, notes: Notes) -> None:
        self.s, self.w, self.notes = segments, where, notes

    def tables(self) -> dict[str, pa.Table]:
        s, w = self.s, self.w
        begun = self._opened(Zone.ENROL_HEAD, "BGN")
        members, coverages = self._opened(Zone.MEMBER, "INS"), self._opened(Zone.COVERAGE, "HD")
        if not len(begun) and not len(members):
            return {}
        starts = w.start[begun]
        sent = element(s, s.before(s.tag == pack("GS"), begun), 4)
        head = self._fields("head", starts, w.start)
        head["sent_date"] = pc.coalesce(
            head["sent_date"], dates(sent, begun, self.notes, "GS04", "members")[0]
        )
        return {
            "enrolment_sets": pa.table({"key": s.key[starts], **head}),
            "enrolments": self._members(members),
            "coverages": pa.table(
                {
                    "key": s.key[w.claim[coverages]],
                    "place": s.key[coverages],
                    **self._fields("coverage", coverages, w.line),
                }
            ),
        }

    def _opened(self, zone: Zone, tag: str) -> Rows:
        rows = self.w.rows((self.w.zone == zone) & (self.s.tag == pack(tag)))
        return rows[~self.s.carried[rows]]

    def _fields(self, part: str, owners: Rows, owner: Rows) -> dict[str, Any]:
        """What the layout finds of each of ``owners``, the row that opens the set, the member or the coverage."""
        s, w = self.s, self.w
        first = First(owners, s.size)
        inside = w.zone == _ZONES[part]
        found: dict[str, Any] = {}
        for row in layout():
            if row["part"] != part:
                continue
            mine = inside & (s.tag == pack(row["segment"]))
            if row["qualifier"]:
                mine &= np.isin(s.first_value, [pack(each) for each in row["qualifier"].split()])
            at = first(w.rows(mine), owner)
            value = element(s, at, row["element"])
            if row["component"]:
                value = components(value).get(slice(None), row["component"] - 1)
            if row["kind"] == "date":
                value, _ = dates(
                    value, at, self.notes, f"{row['segment']} {row['qualifier']}".strip(), "members"
                )
            elif row["kind"] == "code":
                value = code(value)
            name = row["field"]
            found[name] = pc.coalesce(found[name], value) if name in found else value
        return found

    def _members(self, members: Rows) -> pa.Table:
        found = self._fields("member", members, self.w.claim)
        identified = {
            "key": self.s.key[members],
            "set_key": self.s.key[self.w.start[members]],
            "person": self._persons(found, len(members)),
        }
        return pa.table(identified | found)

    def _persons(self, found: dict[str, Any], size: int) -> pa.Array:
        """The number of each member, as claims name him: see ``Claims837``.

        The subscriber's number; a dependent is told from the subscriber by a hash of name and birth date behind it.
        Without any number the hash stands alone. Names and social security numbers are not kept.
        """
        number = pc.if_else(
            pc.fill_null(pc.equal(found["number_kind"], "34"), False), _NOTHING, found["number"]
        )
        base = pc.coalesce(found["subscriber_id"], number, found["medicare_id"], found["own_id"])
        dependent = pc.fill_null(pc.equal(found["is_subscriber"], "N"), False)
        asked = np.flatnonzero(np.asarray(pc.or_(dependent, pc.is_null(base))))
        if not len(asked):
            return base
        result = base.to_pylist()
        born = pc.strftime(found["birth_date"], "%Y%m%d").take(asked).to_pylist()
        last, first = (found[name].take(asked).to_pylist() for name in ("last_name", "first_name"))
        for place, *facts in zip(asked.tolist(), last, first, born, strict=True):
            if not any(facts if result[place] else facts[:2]):  # many persons are born on one day
                result[place] = None
                continue
            hashed = person_hash(*facts)
            result[place] = f"{result[place]}-{hashed[:8]}" if result[place] else hashed
        return pa.array(result, pa.string())


@cache
def layout() -> list[dict[str, Any]]:
    """The rows of ``enrolment_layout``, in order; of rows for one field the first that is filled counts."""
    return sorted(reference.table("enrolment_layout").to_pylist(), key=lambda row: row["place"])
