"""The ICD-10-CM tabular list as XML: codes, titles, parents and the notes that say what stands with what.

Layout: the file ``icd10cm-tabular-….xml`` and its schema, which CDC/NCHS publishes with every release:
``chapter`` holds ``section`` (a block, named by its attribute ``id``), which holds ``diag`` within ``diag``.
Codes with a seventh character are not listed: ``sevenChrDef`` names the characters, and they hold for every
code below that has no children, filled up with X to six characters. A few of these do not exist (S06.-: death
before regaining consciousness has no subsequent encounter); only the order file says which.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from cpticd.core.errors import InputError
from cpticd.reference.layouts import icd10cm_order
from cpticd.reference.layouts.files import Reading, Source, fiscal, only

#: Column of each kind of note.
NOTES: Final = {
    "includes": "includes",
    "inclusionTerm": "inclusion_terms",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code_first",
    "useAdditionalCode": "use_additional",
    "codeAlso": "code_also",
    "notes": "notes",
}
COLUMNS: Final = (
    "kind",
    "code",
    "billable",
    "title",
    "parent",
    "block",
    "chapter",
    *NOTES.values(),
    "seventh_characters",
)
_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(\.[0-9A-Z]{1,4})?")


@dataclass
class _Above:
    """What a code takes from what stands above it."""

    chapter: str = ""
    block: str = ""
    parent: str = ""
    seventh: dict[str, tuple[str, str]] = field(default_factory=dict)


KEY: Final = ("kind", "code")


def read(files: Sequence[Source]) -> Reading:
    """One row per chapter, block and code of a tabular list; with the order file beside it, which says what exists."""
    file = only([f for f in files if "index" not in f.name.lower()], (".xml",), "the tabular list (.xml)")
    order = [f for f in files if f.suffix in (".txt", ".csv") and "order" in f.name.lower()]
    confirmed = set(icd10cm_order.read(order).table["code"].to_pylist()) if order else None
    year = version(file.data, name=file.name)
    return Reading(parse(file.data, name=file.name, confirmed=confirmed), *fiscal(file.name, year))


def parse(data: bytes, *, name: str, confirmed: Collection[str] | None = None) -> pa.Table:
    """One row per chapter, block and code, in the order of the list; text columns, empty where there is none.

    ``confirmed`` are the codes of the order file, without dots: a seventh character is added only where the
    code is among them; without it, wherever the tabular list defines one. Several notes are parted by line
    ends. Seventh characters are lines of character, tab and meaning, on every code that takes one.
    ``name`` is the file's, for errors. Raises InputError for what is no tabular list.
    """
    root = _root(data, name)
    rows = [row for chapter in root.iter("chapter") for row in _chapter(chapter, confirmed, name)]
    if not any(row["kind"] == "code" for row in rows):
        raise InputError(
            f"{name}: no code in it; this is not the ICD-10-CM tabular list, icd10cm-tabular-….xml"
        )
    types = {column: pa.bool_() if column == "billable" else pa.string() for column in COLUMNS}
    return pa.table({c: pa.array([row[c] for row in rows], kind) for c, kind in types.items()})


def version(data: bytes, *, name: str) -> str:
    """The fiscal year that the list itself states, such as 2026, or ''."""
    return (_root(data, name).findtext("version") or "").strip()


def _root(data: bytes, name: str) -> ET.Element:
    if b"<!ENTITY" in data[:5000]:
        raise InputError(
            f"{name}: it defines entities, which the official list does not; take the file from CDC"
        )
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        raise InputError(
            f"{name}:{error.position[0]}: not XML: {error}; unpack it, or download it again"
        ) from error
    if root.tag != "ICD10CM.tabular":
        raise InputError(
            f"{name}: found <{root.tag}>, not <ICD10CM.tabular>; take the tabular list, not the index"
        )
    return root


def _chapter(
    chapter: ET.Element, confirmed: Collection[str] | None, name: str
) -> Iterator[dict[str, object]]:
    number = (chapter.findtext("name") or "").strip()
    yield _row(chapter, "chapter", number, _Above(chapter=number))
    for section in chapter.iter("section"):
        block = section.get("id", "")
        yield _row(section, "block", block, _Above(number, block, number))
        for child in section.findall("diag"):
            yield from _code(child, _Above(number, block, block), confirmed, name)


def _code(
    node: ET.Element, above: _Above, confirmed: Collection[str] | None, name: str
) -> Iterator[dict[str, object]]:
    dotted = (node.findtext("name") or "").strip()
    if not _CODE.fullmatch(dotted):
        raise InputError(f"{name}: under {above.parent}: found {dotted!r} where a code was expected")
    code = dotted.replace(".", "")
    definitions = node.find("sevenChrDef")
    own = above.seventh if definitions is None else _seventh(definitions)
    children = node.findall("diag")
    extended = [] if children else [(code.ljust(6, "X") + mark, mark) for mark in own]
    if confirmed is not None:
        extended = [(full, mark) for full, mark in extended if full in confirmed]
    row = _row(node, "code", code, above)
    row["billable"] = not children and not extended
    row["seventh_characters"] = "\n".join(
        f"{mark}\t{'; '.join(filter(None, own[mark]))}" for _, mark in extended
    )
    yield row
    for child in children:
        yield from _code(child, _Above(above.chapter, above.block, code, own), confirmed, name)
    for full, mark in extended:
        title = f"{row['title']}, {own[mark][0]}"
        plain = dict.fromkeys(COLUMNS, "") | {"chapter": above.chapter, "block": above.block, "parent": code}
        yield plain | {"kind": "code", "code": full, "billable": True, "title": title}


def _seventh(definitions: ET.Element) -> dict[str, tuple[str, str]]:
    """Meaning by character, which ends the code's title, and the note after it, which does not."""
    found: dict[str, tuple[str, str]] = {}
    mark = ""
    for element in definitions:
        text = " ".join((element.text or "").split())
        if element.tag == "extension":
            mark = element.get("char", "")
            found[mark] = (text, "")
        elif element.tag == "note" and mark:
            found[mark] = (found[mark][0], text)
    return found


def _row(node: ET.Element, kind: str, code: str, above: _Above) -> dict[str, object]:
    notes: dict[str, list[str]] = {column: [] for column in NOTES.values()}
    for element in node:
        if element.tag in NOTES:
            notes[NOTES[element.tag]] += [
                " ".join(text.split())
                for note in element.findall("note")
                if (text := note.text or "").strip()
            ]
    return {
        "kind": kind,
        "code": code,
        "billable": False,
        "title": " ".join((node.findtext("desc") or "").split()),
        "parent": above.parent,
        "block": above.block,
        "chapter": above.chapter,
        **{column: "\n".join(texts) for column, texts in notes.items()},
        "seventh_characters": "",
    }
