"""What became of every segment: loaded, rejected, or left out since no table holds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from cpticd.loaders.intake import Intake
from cpticd.loaders.x12.batches import Outcome

#: Why a segment that may stand where it stands is not loaded.
LEFT_OUT: Final = "left out, since no table holds it"
#: Transaction sets that are read.
_READ: Final = ("837", "835", "834", "277CA", "999", "997")


def account(
    intake: Intake,
    outcomes: Iterable[Outcome],
    names: Mapping[int, str],
    kept: Mapping[str, pa.Table],
    copied: Mapping[str, int],
) -> None:
    """Count the segments of every source: read = loaded + rejected + left out.

    ``kept`` are the staged tables without what is copied; ``copied`` says how many segments of each source are.
    """
    foreign = _foreign(intake, kept["sets"], names)
    left = _left_out(intake, kept["left_out"], names)
    told = _rejected(intake)
    for outcome in outcomes:
        name = names[outcome.number]
        left_out = left.get(name, 0) + copied.get(name, 0)
        rejected = foreign.get(name, 0)
        read = outcome.segments - told.get(name, 0)
        loaded = read - left_out - rejected
        intake.count(name, "segments", read=read, loaded=loaded, rejected=rejected, left_out=left_out)


def _foreign(intake: Intake, sets: pa.Table, names: Mapping[int, str]) -> dict[str, int]:
    """Reject the sets that are neither claims, remittances nor enrolments, once for each source and kind.

    Returns how many of their segments each source has beyond those rejects.
    """
    other = sets.filter(pc.invert(pc.is_in(sets["kind"], value_set=pa.array(_READ)))).sort_by("key")
    groups: dict[tuple[str, str], list[dict[str, int]]] = defaultdict(list)
    for row in other.select(["key", "kind", "segments"]).to_pylist():
        groups[names[row["key"] >> 32], row["kind"] or ""].append(row)
    beyond: dict[str, int] = defaultdict(int)
    for (name, kind), found in groups.items():
        segments = sum(row["segments"] for row in found)
        what = f"{len(found):,} transaction sets" if len(found) > 1 else "transaction set"
        intake.reject(
            source=name, location=f"segment {found[0]['key'] & 0xFFFFFFFF}", table_name="segments", severity="note",
            reason=f"{what} {kind or 'without a type'}: neither claims (837), remittances (835) nor enrolments (834)",
            content=f"{segments:,} segments",
        )  # fmt: skip
        beyond[name] += segments - 1
    return beyond


def _left_out(intake: Intake, left: pa.Table, names: Mapping[int, str]) -> dict[str, int]:
    """Note what each source has that no table holds, and how often; returns how many segments that is."""
    if not left.num_rows:
        return {}
    sources = pc.shift_right(left["key"], pa.scalar(32, pa.int64()))
    counts = pa.table({"source": sources, "tag": left["tag"], "n": left["segments"]})
    grouped = counts.group_by(["source", "tag"]).aggregate([("n", "sum")])
    of_source: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for row in grouped.sort_by([("source", "ascending"), ("tag", "ascending")]).to_pylist():
        of_source[row["source"]].append((row["tag"], row["n_sum"]))
    for number, found in of_source.items():
        content = ", ".join(f"{tag} {count:,}" for tag, count in found)
        intake.reject(
            source=names[number], location="file", table_name="segments", action="noted", severity="note",
            reason=LEFT_OUT, content=content,
        )  # fmt: skip
    return {names[number]: sum(count for _, count in found) for number, found in of_source.items()}


def _rejected(intake: Intake) -> dict[str, int]:
    """How many rejects of each source are segments."""
    rejects = intake.rejects()
    bad = rejects.filter(
        pc.and_(pc.equal(rejects["action"], "rejected"), pc.equal(rejects["table_name"], "segments"))
    )
    counts = bad["source"].value_counts()
    return {row["values"]: row["counts"] for row in counts.to_pylist()}
