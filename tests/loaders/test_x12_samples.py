"""Public sample files: what is loaded agrees with counts taken another way, and nothing is lost.

The other way is a count by splitting text, written without a look at the loader, and for remittances oxedi.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from cpticd.claims import Claims
from cpticd.loaders.x12.reader import looks_like_x12, read_x12
from tests.loaders.x12_text import balanced

LYING_HEADER = "835/lfh__cob-contractural-adjustment.835"
DIAGNOSES = {"ABK", "ABF", "ABJ", "ABN", "APR", "BK", "BF", "BJ", "BN", "PR"}


def samples(shared_data: Path) -> list[Path]:
    return sorted(p for p in (shared_data / "x12").rglob("*") if p.is_file() and p.suffix != ".md")


def segments_of(path: Path) -> tuple[list[list[str]], str, int]:
    """Elements of every segment, the component separator, and how many pieces of text there are."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    at = text.find("ISA")
    element, terminator = ("*", "~") if at < 0 else (text[at + 3], "")
    if at >= 0:
        tail = text[at:].split(element, 16)[16]
        terminator = "\n" if tail[1] in "\r\n" else tail[1]
    star = re.escape(element)
    seen = re.search(rf"(?:SV1|SVC|HI|SV2{star}\d*){star}(?:HC|ABK|BK|XX)([^\w{star}])", text)
    body = text[max(at, 0) :]
    pieces = [piece.strip() for piece in body.split(terminator) if piece.strip()]
    count = len(pieces) + (1 if text[: max(at, 0)].strip() else 0)
    return [piece.split(element) for piece in pieces], seen[1] if seen else ":", count


def amount(text: str) -> Decimal:
    return Decimal(text.strip()) if text.strip() else Decimal(0)


def naive(path: Path) -> Counter[str]:
    """Counts and dollars of one file, by splitting."""
    found: Counter[str] = Counter()
    segments, component, found["segments"] = segments_of(path)
    kind = ""
    for fields in segments:
        padded = [*fields, *[""] * 20]
        match fields[0]:
            case "ST":
                kind = padded[1]
            case "CLM":
                found["claims"] += 1
                found["claims $"] += amount(padded[2])
            case "SV1" | "SV2":
                found["lines"] += 1
                found["lines $"] += amount(padded[2 if fields[0] == "SV1" else 3])
            case "HI":
                for composite in fields[1:]:
                    parts = composite.split(component)
                    found["diagnoses"] += parts[0] in DIAGNOSES and len(parts) > 1 and parts[1] != ""
            case "CLP":
                found["adjudications"] += 1
                found["adjudications $"] += amount(padded[3])
            case "SVC":
                found["line_payments"] += 1
                found["line_payments $"] += amount(padded[2])
            case "CAS" if kind == "835":
                for k in range(2, len(fields), 3):
                    if padded[k] or padded[k + 1]:
                        found["adjustments"] += 1
                        found["adjustments $"] += amount(padded[k + 1])
            case "PLB":
                found["provider_adjustments"] += len([k for k in range(3, len(fields), 2) if padded[k + 1]])
    return found


@pytest.fixture(scope="module")
def everything(shared_data: Path) -> Claims:
    """All samples in one data set, as a user would give a folder."""
    return read_x12(shared_data / "x12", progress=False)


def test_every_sample_agrees_with_an_independent_count(everything: Claims, shared_data: Path) -> None:
    accounts = everything.accounting().set_index(["source", "table_name"])
    root = shared_data / "x12"
    names = {path: path.relative_to(root).as_posix() for path in samples(shared_data)}
    assert len(names) == 93
    # Samples repeat one another: what stands in several of them is loaded once.
    told = everything.rejects["reason"].str.startswith(("a copy of", "copies of", "a claim sent again"))
    repeating = {*everything.rejects["source"][told]}
    differences = []
    for path, name in names.items():
        expected = naive(path)
        # The lines and claims of an unmatched remittance stand for a claim that was not seen.
        alone = expected["adjudications"] > 0
        tables = ["adjudications", "line_payments", "adjustments", "provider_adjustments"]
        tables = tables if alone else ["claims", "lines", "diagnoses"]
        tables = [] if name in repeating else tables
        for table in ["segments", *tables]:
            read = accounts["read"].get((name, table), 0)
            if read != expected[table]:
                differences.append((name, table, read, expected[table]))
            if f"{table} $" in expected:
                dollars = accounts["amount_loaded"].get((name, table), 0.0)
                if abs(dollars - float(expected[f"{table} $"])) > 0.005:
                    differences.append((name, f"{table} $", dollars, expected[f"{table} $"]))
    assert not differences


def test_accounting_balances_in_rows_and_dollars(everything: Claims) -> None:
    accounts = everything.accounting()
    assert balanced(everything)
    money = accounts.dropna(subset=["amount_read"])
    off = money["amount_read"] - money["amount_loaded"] - money["amount_rejected"]
    assert (off.abs() < 0.005).all()
    loaded = accounts.groupby("table_name")["loaded"].sum()
    for table in ("claims", "lines", "diagnoses", "pointers", "adjudications", "adjustments"):
        assert loaded[table] == len(everything.table(table)), table


def test_what_is_rejected_names_segment_and_reason(everything: Claims) -> None:
    rejected = everything.rejects.query("action == 'rejected' and table_name == 'segments'")
    assert set(rejected["source"][~rejected["location"].str.fullmatch(r"segment \d+")]) == {"SOURCES.md"}
    said = rejected.set_index("source")["reason"]
    assert (said["837p/stupidedi__case_1.edi"]) == "text before the first interchange"
    bad = rejected[rejected["source"] == "837p/imsweb__x12_bad_segment_identifier.txt"]
    assert sorted(bad["content"].str.split("*").str[0]) == ["", "NM31", "Nd4"]


def test_every_pointer_belongs_to_a_line_and_ids_are_unique(everything: Claims) -> None:
    claims = everything.table("claims")
    assert claims["claim_id"].is_unique
    lost = everything.query(
        "SELECT count(*) AS n FROM pointers p LEFT JOIN lines l ON l.claim_id = p.claim_id "
        "AND l.claim_line_number = p.claim_line_number WHERE l.claim_id IS NULL"
    )
    assert lost["n"].item() == 0


def test_samples_look_like_x12_and_other_files_do_not(shared_data: Path) -> None:
    assert all(looks_like_x12(path.read_bytes()[:4096]) for path in samples(shared_data))
    others = [
        b"claim_id,line,hcpcs\n1,1,99213\n",
        b"PAR1\x15\x04",
        b"",
        b'{"isa": 1}',
        b"VISA*DISA* GS is here\n",
    ]
    assert not any(looks_like_x12(head) for head in others)


def remittances(shared_data: Path) -> Iterator[Path]:
    for path in samples(shared_data):
        if "835" in path.parts and b"ISA" in path.read_bytes():
            yield path


def test_remittances_agree_with_oxedi(everything: Claims, shared_data: Path) -> None:
    oxedi = pytest.importorskip("oxedi")
    compared = 0
    for path in remittances(shared_data):
        raw = path.read_bytes()
        parsed = oxedi.parse(raw[raw.index(b"ISA") :])
        name = path.relative_to(shared_data / "x12").as_posix()
        ours = everything.query("SELECT * FROM adjudications WHERE data_source = $name", name=name)
        theirs = {table: as_frame(parsed.tables[table]) for table in ("claims", "services", "adjustments")}
        assert sorted(cents(ours["charge_amount"])) == sorted(cents(theirs["claims"]["charge_amount"])), name
        assert sorted(cents(ours["paid_amount"])) == sorted(cents(theirs["claims"]["payment_amount"])), name
        lines = everything.query(
            "SELECT p.* FROM line_payments p JOIN adjudications a USING (claim_id, adjudication_number) "
            "WHERE a.data_source = $name",
            name=name,
        )
        assert sorted(cents(lines["paid_amount"])) == sorted(cents(theirs["services"]["payment_amount"])), (
            name
        )
        assert sorted(cents(lines["allowed_amount"])) == sorted(
            cents(theirs["services"]["allowed_amount"])
        ), name
        codes = [
            str(code)
            for code in theirs["services"]["procedure_code"].dropna()
            if re.fullmatch(r"\w{5}", code)
        ]
        if name != LYING_HEADER:  # oxedi believes the component separator that the header names
            assert sorted(lines["hcpcs_code"].dropna()) == sorted(codes), name
        found = everything.query(
            "SELECT d.group_code, d.carc, d.amount FROM adjustments d JOIN adjudications a "
            "USING (claim_id, adjudication_number) WHERE a.data_source = $name",
            name=name,
        )
        triplets = zip(found["group_code"], found["carc"], cents(found["amount"]), strict=True)
        columns = theirs["adjustments"]
        expected = zip(columns["group_code"], columns["reason_code"], cents(columns["amount"]), strict=True)
        assert sorted(triplets) == sorted(expected), name
        compared += len(ours)
    assert compared > 100


def cents(values: pd.Series) -> list[int]:
    return [0 if pd.isna(value) else round(float(value) * 100) for value in values]


def as_frame(table: object) -> pd.DataFrame:
    """A table of oxedi, whose text is bytes where it is not UTF-8."""
    frame = pa.table(table).to_pandas()
    return frame.map(lambda cell: cell.decode() if isinstance(cell, bytes) else cell)
