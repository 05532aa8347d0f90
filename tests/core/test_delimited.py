"""Delimited text: every row comes out, or stands among the rejects with its line."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpticd.core import sources
from cpticd.core.delimited import Text, open_text
from cpticd.core.errors import InputError


def known(cells: list[str]) -> int:
    return sum(cell.strip().lower() in ("claim_id", "code", "amount") for cell in cells)


def opened(folder: Path, content: bytes, name: str = "file.csv") -> Text:
    path = folder / name
    path.write_bytes(content)
    return open_text(next(sources.texts(path)), known)


def rows(text: Text) -> list[tuple[object, ...]]:
    """Line number and cells of every row that came out."""
    found = []
    for batch, lines in text.batches():
        cells = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        found += [(int(line), *row) for line, row in zip(lines, cells, strict=True)]
    return found


def rejected(text: Text) -> list[tuple[str, str]]:
    return [(r.location, r.reason) for r in text.rejects if r.action == "rejected"]


@pytest.mark.parametrize("delimiter", [",", "\t", "|", ";", "^"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_dialect_and_encoding_are_told(tmp_path: Path, delimiter: str, encoding: str, newline: str) -> None:
    lines = [("claim_id", "code"), ("1", "Zoë"), ("2", f'"x{delimiter}y"')]
    content = newline.join(delimiter.join(cells) for cells in lines).encode(encoding)
    text = opened(tmp_path, content)
    assert (text.delimiter, text.columns) == (delimiter, ["claim_id", "code"])
    assert rows(text) == [(2, "1", "Zoë"), (3, "2", f"x{delimiter}y")]
    assert not rejected(text)


def test_each_bad_line_costs_itself_alone(tmp_path: Path) -> None:
    content = b"""claim_id,code
1,a
2
3,"two
lines"
4,"open
5,5" tape
6,"a ""b"" c"
7,x,y
8,z,,

9,=cmd()
"""
    text = opened(tmp_path, content)
    assert rows(text) == [
        (2, "1", "a"), (4, "3", "two\nlines"), (7, "5", '5" tape'), (8, "6", 'a "b" c'), (10, "8", "z"),
        (12, "9", "=cmd()"),
    ]  # fmt: skip
    assert sorted(rejected(text)) == [
        ("line 3", "1 cells, but the header has 2"),
        ("line 6", "a quote opens here that is not closed"),
        ("line 9", "3 cells, but the header has 2"),
    ]
    assert text.read == 9


def test_bytes_that_are_no_text_reject_their_line(tmp_path: Path) -> None:
    text = opened(tmp_path, b"claim_id,code\n1,\xc3\xa9\n2,\xe9\n3,a\x00b\n4,d\n")
    assert [row[0] for row in rows(text)] == [2, 5]
    assert [place for place, _ in rejected(text)] == ["line 3", "line 4"]


def test_windows_text_is_read_and_said_so(tmp_path: Path) -> None:
    text = opened(tmp_path, "claim_id,code\n1,€ Zoë\n".encode("cp1252"))
    assert rows(text) == [(2, "1", "€ Zoë")]
    assert [r.action for r in text.rejects] == ["noted"]


def test_lines_before_the_header_and_repeated_names(tmp_path: Path) -> None:
    text = opened(tmp_path, b"Report of May\nsee below\nclaim_id,code,code\n1,a,b\n")
    assert text.columns == ["claim_id", "code", "code_2"]
    assert rows(text) == [(4, "1", "a", "b")]
    assert [r.location for r in text.rejects if r.reason == "before the header"] == ["line 1", "line 2"]
    assert opened(tmp_path, b"sep=;\nclaim_id;code\n1;2\n").delimiter == ";"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (bytes(range(256)) * 20, "binary content"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"ISA*00*          *00*", "an X12 file"),
        (b'{"resourceType": "Claim"}', "JSON"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"100,99213,2024-01-31,12.50\n101,99214,2024-02-01,3.00\n", "no header"),
        (b"x" * (9 << 20), "longer than 4 MB"),
        (b"claim_id,code\n1,a\n" + b"x" * (9 << 20), "line 3 is longer than 4 MB"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows(opened(tmp_path, content))


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    text = opened(tmp_path, b"claim_id,code\n")
    assert (rows(text), text.read) == ([], 0)


def test_packed_files(tmp_path: Path) -> None:
    plain = b"claim_id,code\n1,a\n"
    assert rows(opened(tmp_path, gzip.compress(plain), "a.csv.gz")) == [(2, "1", "a")]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", plain)
        archive.writestr("in/two.csv", plain)
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    found = list(sources.texts(tmp_path / "a.zip"))
    assert [source.name for source in found] == ["a.zip/one.csv", "a.zip/in/two.csv"]
    assert [rows(open_text(source)) for source in found] == [[(2, "1", "a")]] * 2
    with pytest.raises(InputError, match="cut off or damaged"):
        rows(opened(tmp_path, gzip.compress(plain)[:-9], "b.csv.gz"))
    with pytest.raises(InputError, match="zip archive is damaged"):
        opened(tmp_path, packed.getvalue()[:60], "b.zip")


def test_a_bomb_is_stopped_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BOMB_SIZE", 1 << 22)
    bomb = gzip.compress(b"claim_id,code\n" + b"1,a\n" * (6 << 20), 9)
    assert len(bomb) < (24 << 20) / sources.BOMB_RATIO
    with pytest.raises(InputError, match="decompression bomb"):
        rows(opened(tmp_path, bomb, "bomb.csv.gz"))


def test_paths(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "b.csv").write_text("x")
    assert sources.paths_of(tmp_path / "*.csv") == [tmp_path / "a.csv", tmp_path / "b.csv"]
    with pytest.raises(InputError, match=r"is a folder.*a\.csv.*\*\.csv"):
        sources.paths_of(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        sources.paths_of(tmp_path / "c.csv")
    with pytest.raises(InputError, match="no file matches"):
        sources.paths_of(str(tmp_path / "*.txt"))


def test_rows_that_span_blocks_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks end anywhere: inside of lines, of quoted cells, between the two bytes of a line end."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["claim_id", "code"])
    cells = [(str(i), "é\n" * (i % 4) + '"' * (i % 3)) for i in range(300)]
    writer.writerows(cells)
    path = tmp_path / "file.csv"
    path.write_bytes(written.getvalue().encode())
    real = sources.lines_in_blocks
    for size in (64, 65, 97, 1000):
        monkeypatch.setattr(
            sources, "lines_in_blocks", lambda source, progress=False, size=size: real(source, progress, size)
        )
        text = open_text(next(sources.texts(path)), known)
        assert [row[1:] for row in rows(text)] == [(i, value or None) for i, value in cells]


def written(table: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["claim_id", "code", "amount"])
    writer.writerows(table)
    return out.getvalue().encode()


def tables(alphabet: str) -> st.SearchStrategy[list[list[str]]]:
    cell = st.text(st.sampled_from(alphabet), max_size=6)
    return st.lists(st.lists(cell, min_size=1, max_size=4), max_size=12)


# A delimiter beside a line break inside of a cell can look like a row by itself, so there is none here.
@given(tables('ab;"\n é='))
def test_sound_rows_come_out_as_written(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    text = opened(tmp_path_factory.mktemp("lines"), written(table))
    found = rows(text)
    wanted = [
        tuple(c or None for c in row[:3])
        for row in table
        if len(row) >= 3 and not any(c.strip() for c in row[3:])
    ]
    assert [row for row in wanted if any(row)] == [row[1:4] for row in found if any(row[1:])]
    assert text.read == len(found) + len(rejected(text))


@given(tables('ab,;"\n é='), st.binary(max_size=40))
def test_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], junk: bytes
) -> None:
    """Whatever stands in the file: rows read are rows that came out and rows rejected."""
    try:
        text = opened(tmp_path_factory.mktemp("lines"), written(table) + junk)
        found = rows(text)
    except InputError:
        return
    assert text.read == len(found) + len(rejected(text))
