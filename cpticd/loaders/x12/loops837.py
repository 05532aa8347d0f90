"""Where the claims and service lines of the 837s of a batch stand, and the levels above them."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from cpticd.loaders.x12.cells import Notes
from cpticd.loaders.x12.loops import First, element
from cpticd.loaders.x12.places import Place, Zone, tagged
from cpticd.loaders.x12.segments import Mask, Rows, Segments, components, pack


class Loops837:
    """The claims (rows of CLM) and lines (rows of SV1, SV2, SV3) of one batch, and what they belong to."""

    def __init__(self, segments: Segments, where: Place, notes: Notes) -> None:
        self.s, self.w, self.notes = segments, where, notes
        zone, tag = where.zone, segments.tag
        self.is_claim = (zone == Zone.CLAIM) | (zone == Zone.OTHER_PAYER) | (zone == Zone.LINE)
        self.above = where.accepted & ~self.is_claim
        self.claims = where.rows((zone == Zone.CLAIM) & (tag == pack("CLM")))
        self.first = First(self.claims, segments.size)
        in_line = where.accepted & (zone == Zone.LINE)
        self.lines = np.flatnonzero(in_line & tagged(segments, "SV1", "SV2", "SV3"))
        self.opens = where.line[self.lines]  # the LX, or the service segment itself
        self.first_of_line = First(self.opens, segments.size)
        self.in_line = in_line
        self.institutional = self._are_institutional()

    def _are_institutional(self) -> Mask:
        """Whether each claim is institutional: by its lines, else CLM05-2, else the guide that it names."""
        s, w = self.s, self.w
        kinds = s.tag[self.lines]
        mine = self.first.of_owner[w.claim[self.lines]]
        size = len(self.claims)
        hospital = np.bincount(mine[kinds == pack("SV2")], minlength=size)
        other = np.bincount(mine[kinds != pack("SV2")], minlength=size)
        qualifier = np.asarray(pc.fill_null(components(s.get(self.claims, 5)).get(slice(None), 1), ""))
        start = w.start[self.claims]
        guide = pc.coalesce(s.get(start, 3), element(s, s.before(s.tag == pack("GS"), self.claims), 8))
        by_guide = np.asarray(pc.fill_null(pc.match_substring_regex(guide, "X(223|292|096)"), False))
        by_content = np.where(hospital != other, hospital > other, np.where(qualifier == "A", True, by_guide))
        return by_content & ~((hospital == other) & (qualifier == "B"))

    def context(self, mask: Mask, since: Rows) -> Rows:
        """The last segment of a kind before each claim, not older than ``since``; -1 where there is none."""
        found = self.s.before(mask & self.above, self.claims)
        return np.where(found >= np.maximum(since, 0), found, -1)

    def levels(self) -> tuple[Rows, Rows, Rows]:
        """Where the billing provider's, the subscriber's and the patient's level of each claim begin."""
        s, w, claims = self.s, self.w, self.claims
        rows = w.rows((s.tag == pack("HL")) & (w.zone == Zone.LEVEL))
        level = s.get(rows, 3)
        start = w.start[claims]
        found = []
        for name in ("20", "22", "23"):
            mask = np.zeros(s.size, np.bool_)
            mask[rows[np.asarray(pc.fill_null(pc.equal(level, name), False))]] = True
            found.append(np.maximum(s.before(mask, claims), start))
        provider, subscriber, patient = found
        return (
            provider,
            np.maximum(provider, subscriber),
            np.maximum(np.maximum(provider, subscriber), patient),
        )
