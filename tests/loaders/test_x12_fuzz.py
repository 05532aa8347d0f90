"""Whatever is done to a file: the package's own error or success, and no segment unaccounted."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpticd.core.errors import CpticdError
from cpticd.loaders.x12 import read_x12
from cpticd.loaders.x12.batches import Batches
from cpticd.loaders.x12.spool import Spool, staged
from tests.loaders.test_x12_forms import INSTITUTIONAL, REMIT_LINES
from tests.loaders.x12_text import (
    balanced,
    claim,
    interchange,
    paid_claim,
    professional,
    remittance,
    subscriber,
)

SEEDS = (
    interchange(professional(subscriber(), claim("A1"), subscriber("M2"), claim("A2"))),
    interchange(
        professional(subscriber(), INSTITUTIONAL), professional(subscriber(), claim("B1"), number="0002")
    ),
    interchange(
        remittance(paid_claim(), paid_claim("C2", lines=REMIT_LINES), "PLB*1*20251231*WO*1~"), kind="HP"
    ),
)
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def reordered(draw: st.DrawFn) -> str:
    """A file of which segments were deleted, doubled and swapped, but for its first one."""
    segments = draw(st.sampled_from(SEEDS)).split("~")[:-1]
    for _ in range(draw(st.integers(1, 6))):
        a, b = (draw(st.integers(1, max(1, len(segments) - 1))) for _ in range(2))
        a, b = min(a, len(segments) - 1), min(b, len(segments) - 1)
        if a < 1 or b < 1:
            break
        match draw(st.sampled_from(["delete", "double", "swap", "move"])):
            case "delete":
                del segments[a]
            case "double":
                segments.insert(b, segments[a])
            case "swap":
                segments[a], segments[b] = segments[b], segments[a]
            case "move":
                segments.insert(b, segments.pop(a))
    return "~".join(segments) + "~"


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file cut off, with bytes put in or replaced."""
    raw = draw(st.one_of(st.sampled_from(SEEDS), reordered())).encode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(raw)))
        match draw(st.sampled_from(["cut", "insert", "overwrite", "replace"])):
            case "cut":
                raw = raw[:at]
            case "insert":
                raw = raw[:at] + draw(st.binary(max_size=30)) + raw[at:]
            case "overwrite":
                junk = draw(st.binary(max_size=5))
                raw = raw[:at] + junk + raw[at + len(junk) :]
            case "replace":
                raw = raw.replace(
                    draw(st.sampled_from([b"*", b"~", b":", b"1"])), draw(st.binary(max_size=2))
                )
    return raw


def read(raw: bytes, block: int, batch: int) -> tuple[int, int, dict[str, int]]:
    """Segments read, segments rejected, rows by table, of one file read without DuckDB."""
    folder = Path(tempfile.mkdtemp())
    try:
        batches = Batches(Spool(folder), size=batch)
        outcome = batches.read(7, (raw[i : i + block] for i in range(0, len(raw), block)))
        batches.close()
        tables = staged([folder])
        rejects = tables["rejects"].to_pylist()
        sets = {row["key"]: row["segments"] for row in tables["sets"].to_pylist()}
        assert sum(sets.values()) <= outcome.segments
        assert sum(tables["left_out"]["segments"].to_pylist()) <= sum(sets.values())
        assert set(tables["left_out"]["key"].to_pylist()) <= sets.keys(), "left out of a set that is none"
        rows = [
            row["key"] for row in rejects if row["action"] == "rejected" and row["table_name"] == "segments"
        ]
        assert len(set(rows)) == len(rows), "a segment was rejected twice"
        assert all(1 <= (key & 0xFFFFFFFF) <= outcome.segments and key >> 32 == 7 for key in rows)
        return outcome.segments, len(rows), {name: table.num_rows for name, table in tables.items()}
    finally:
        shutil.rmtree(folder)


@FUZZ
@given(text=reordered())
def test_segments_are_read_as_many_as_stand_there(text: str) -> None:
    segments, rejected, rows = read(text.encode(), 1 << 20, 1 << 20)
    assert segments == len(re.findall(r"[^~]+~", text))
    assert rejected <= segments
    # A claim, line, or remittance is loaded or rejected: none is passed over.
    for tags, table in (
        (["CLM"], "claims"),
        (["SV1", "SV2"], "lines"),
        (["CLP"], "remits"),
        (["SVC"], "services"),
    ):
        there = sum(text.startswith(f"{tag}*") + text.count(f"~{tag}*") for tag in tags)
        assert there - rejected <= rows[table] <= there


@FUZZ
@given(raw=damaged(), block=st.sampled_from([64, 1500, 1 << 20]), batch=st.sampled_from([300, 1 << 20]))
def test_damage_never_breaks_the_reader(raw: bytes, block: int, batch: int) -> None:
    segments, rejected, _ = read(raw, block, batch)
    assert rejected <= segments
    assert segments > 0 or not raw.strip(b" \t\r\n\x00\xef\xbb\xbf")


@settings(FUZZ, max_examples=8)
@given(raw=damaged())
def test_damage_never_breaks_the_accounts(raw: bytes) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "a.837").write_bytes(raw)
        (folder / "b.835").write_text(SEEDS[2])
        claims = read_x12(folder, progress=False)
        assert balanced(claims)
        accounts = claims.accounting()
        loaded = accounts.groupby("table_name")["loaded"].sum()
        for table in ("claims", "lines", "adjudications", "adjustments"):
            assert loaded.get(table, 0) == len(claims.table(table))
    except CpticdError:
        pass  # the package's own error is an answer
    finally:
        shutil.rmtree(folder)
