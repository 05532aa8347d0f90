"""What users point the reader at: folders, archives, bombs, files that are something else, huge and broken ones."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpticd.core.errors import ArgumentError, InputError
from cpticd.loaders.x12 import read_x12
from cpticd.loaders.x12.batches import Batches
from cpticd.loaders.x12.splitter import MAX_SEGMENT, Splitter
from cpticd.loaders.x12.spool import Spool, staged
from tests.loaders.x12_text import (
    PLAIN,
    another,
    balanced,
    claim,
    interchange,
    load,
    paid_claim,
    problems,
    professional,
    remittance,
    show,
    subscriber,
)


def test_folders_globs_and_archives_in_any_mix(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.837").write_text(PLAIN)
    (tmp_path / "in" / "deep" / "a.837").write_text(another(2))
    (tmp_path / "in" / ".hidden").write_text(PLAIN)
    with gzip.open(tmp_path / "b.837.gz", "wb") as file:
        file.write(another(3).encode())
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("one.837", another(4))
        archive.writestr("more/two.835", interchange(remittance(paid_claim("Z", member="M9")), kind="HP"))
    claims = read_x12([tmp_path / "in", str(tmp_path / "*.gz"), tmp_path / "c.zip"], progress=False)
    assert sorted(claims.table("claims")["data_source"]) == [
        "b.837.gz", "c.zip/more/two.835", "c.zip/one.837", "in/a.837", "in/deep/a.837",
    ]  # fmt: skip
    assert problems(claims).query("action == 'rejected'").empty


def bomb(path: Path, megabytes: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("b.837", "w") as file:
        file.write(PLAIN.encode())
        for _ in range(megabytes):
            file.write(b" " * (1 << 20))


def test_a_zip_bomb_is_stopped_and_told(tmp_path: Path) -> None:
    bomb(tmp_path / "bomb.zip", 300)
    tracemalloc.start()
    claims = read_x12(tmp_path / "bomb.zip", progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert len(claims.table("claims")) == 1  # what stood before the blanks
    assert claims.rejects["reason"].str.contains("decompression bomb").any()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not X12"),
        (b"   \n\n", "not X12"),
        (bytes(range(256)) * 40, "not X12"),
        (b"claim_id,code\n1,99213\n", "not X12"),
        (b"\x1f\x8b\x08\x00broken", "cannot be unpacked"),
        (b"PK\x03\x04broken", "damaged"),
    ],
)
def test_what_is_no_x12_at_all_is_an_error_that_says_so(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "f.837").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_x12(tmp_path / "f.837", progress=False)


def test_beside_good_files_such_a_file_is_a_reject(tmp_path: Path) -> None:
    claims = load(
        tmp_path, PLAIN, b"", b"a,b\n1,2\n", b"\x1f\x8bxx", names=["a.837", "empty", "b.csv", "c.gz"]
    )
    assert len(claims.table("claims")) == 1
    assert problems(claims).set_index("source")["reason"].str[:20].to_dict() == {
        "b.csv": "no interchange, grou",
        "c.gz": "what follows could n",
        "empty": "the file is empty",
    }
    accounts = claims.accounting().query("table_name == 'segments'").set_index("source")
    assert accounts["rejected"].to_dict() == {"a.837": 0, "b.csv": 1, "c.gz": 1, "empty": 1}


def test_paths_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_x12(tmp_path / "none.837")
    with pytest.raises(InputError, match="no file matches"):
        read_x12(str(tmp_path / "*.837"))
    with pytest.raises(InputError, match="folder without files"):
        read_x12(tmp_path)
    with pytest.raises(InputError, match="no file was given"):
        read_x12([])
    with pytest.raises(ArgumentError, match="workers"):
        read_x12(tmp_path, workers=0)


def test_a_cut_off_archive_keeps_what_was_read(tmp_path: Path) -> None:
    whole = interchange(
        *(professional(subscriber(), *[claim(f"K{n}-{i}") for i in range(900)]) for n in range(9))
    )
    packed = gzip.compress(whole.encode())
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    claims = read_x12(tmp_path / "cut.gz", progress=False)
    assert 0 < len(claims.table("claims")) < 8100
    assert claims.rejects["reason"].str.contains("cut off or damaged").any()
    assert balanced(claims)


def endless(megabytes: int) -> Iterator[bytes]:
    """One line of ordinary X12: a single transaction set that goes on and on."""
    head, tail = PLAIN[: PLAIN.index("HL*2")], PLAIN[PLAIN.index("SE*") :]
    yield head.encode()
    body = "".join(subscriber(f"M{i}") + claim(f"K{i}") for i in range(4000)).encode()
    for _ in range(megabytes * (1 << 20) // len(body)):
        yield body
    yield tail.encode()


def test_one_endless_transaction_set_streams_in_bounded_memory(tmp_path: Path) -> None:
    # A stand-in for a gigabyte on one line: memory must not grow with length.
    peaks = []
    for megabytes in (8, 24):
        tracemalloc.start()
        batches = Batches(Spool(tmp_path / str(megabytes)), size=1 << 20)
        outcome = batches.read(0, endless(megabytes))
        batches.close()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        tables = staged([tmp_path / str(megabytes)])
        assert outcome.segments == 11 * tables["claims"].num_rows + 14 > 100_000
        assert set(tables["claims"]["payer"].to_pylist()) == {"PAYER ONE"}
        assert set(tables["claims"]["billing_npi"].to_pylist()) == {"1111111111"}
    assert peaks[1] < 1.2 * peaks[0]


def test_a_segment_without_end_is_given_up(tmp_path: Path) -> None:
    endless_name = b"NM1*QC*1*" + b"A" * (3 * MAX_SEGMENT) + b"~"
    raw = PLAIN.encode().replace(b"NM1*PR*2", endless_name + b"NM1*PR*2")
    claims = load(tmp_path, raw, another(2).encode()[:600] + b"X" * (3 * MAX_SEGMENT))
    reasons = claims.rejects.query("action == 'rejected'")["reason"].tolist()
    assert reasons == [f"no segment terminator within {MAX_SEGMENT:,} bytes"] * 2
    assert show(claims.table("claims"), "payer") == ["PAYER ONE", "PAYER ONE"][: len(claims.table("claims"))]


def test_a_splitter_holds_no_more_than_a_segment_of_what_is_no_x12() -> None:
    splitter = Splitter()
    for _ in range(50):
        splitter.feed(b"not a segment " * 5000)
        assert len(splitter._rest) < 10_000
    assert b"not X12" in splitter.close()


def test_a_column_of_formulas_or_sql_is_only_text(tmp_path: Path) -> None:
    evil = """Robert'); DROP TABLE claims;--"""
    claims = load(tmp_path, PLAIN.replace("*A1*", f"*{evil}*").replace("PAYER ONE", "=HYPERLINK(1)"))
    assert show(claims.table("claims"), "claim_id payer") == [f"{evil} =HYPERLINK(1)"]


def test_workers_read_the_same_and_what_they_cannot_do_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpticd.loaders.x12.workers.TASK", 1000)
    for name in "abc":
        (tmp_path / f"{name}.837").write_text(PLAIN)
    expected = read_x12(tmp_path, progress=False, workers=1).accounting()
    assert read_x12(tmp_path, progress=False, workers=2).accounting().equals(expected)
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    assert read_x12(tmp_path, progress=False, workers=2).accounting().equals(expected)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho out of order >&2; exit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(broken))
    with pytest.raises(InputError, match="out of order"):
        read_x12(list(tmp_path.glob("*.837")), progress=False, workers=2)
