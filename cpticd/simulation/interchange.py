"""Writes claims as X12 5010 files: 837 professional and institutional, 835.

Names, addresses and account numbers are made up and look it (PATIENT 000123); identifiers, codes, dates and
amounts are those of the tables, so that reading the files back gives the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.simulation.claim_sets import claim_sets
from cpticd.simulation.elements import RECEIVER, SENDER, Extract
from cpticd.simulation.pipeline import Simulation
from cpticd.simulation.remittance_sets import remittance_sets

#: File, functional group, version of the implementation guide.
FILES = {
    "professional": ("claims-professional.837", "HC", "005010X222A1"),
    "institutional": ("claims-institutional.837", "HC", "005010X223A2"),
    "remittances": ("remittances.835", "HP", "005010X221A1"),
}


def write_x12(data: Simulation | Claims, folder: str | Path, *, overwrite: bool = False) -> list[Path]:
    """One path per X12 file written into ``folder``: 837 professional, 837 institutional, 835; none that is empty.

    Claims are sent in one transaction set per day of receipt, remittances in one per payer and day. A claim's number
    is its claim_id; a line's control number (REF*6R) is its line number. Of the members only birth date and sex fit
    into these files; claims without a type are written as professional.

    ``data`` — a Simulation or any Claims. ``folder`` — made if need be. ``overwrite`` — replace files of the same
    names.

    Raises OutputExistsError where one of the files is there already, ArgumentError where the folder is a file.

    >>> import tempfile
    >>> import cpticd as cx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = cx.simulation.write_x12(cx.simulate(persons=20, seed=1), folder)
    ...     claims = cx.read_x12(*paths)
    >>> [path.name for path in paths]
    ['claims-professional.837', 'claims-institutional.837', 'remittances.835']
    """
    claims = data.claims if isinstance(data, Simulation) else data
    if not isinstance(claims, Claims):
        raise ArgumentError(f"write_x12 takes a Simulation or Claims; found a {type(data).__name__}")
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise ArgumentError(f"{target} is a file; name a folder")
    paths = {kind: target / name for kind, (name, _, _) in FILES.items()}
    there = [str(path) for path in paths.values() if path.exists()]
    if there and not overwrite:
        raise OutputExistsError(f"{', '.join(there)}: there already; pass overwrite=True to replace")
    target.mkdir(parents=True, exist_ok=True)
    extract = Extract(claims)
    written = []
    for kind, path in paths.items():
        sets = remittance_sets(extract) if kind == "remittances" else claim_sets(extract, kind)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            count = _interchange(file, sets, *FILES[kind][1:])
        if count:
            written.append(path)
        else:
            path.unlink()
    return written


def _interchange(file: TextIO, sets: Iterable[tuple[str, list[str]]], group: str, version: str) -> int:
    """Write one interchange of transaction sets (day, segments between ST and SE); returns how many."""
    kind, guide = ("837", f"*{version}") if group == "HC" else ("835", "")
    count = 0
    for day, segments in sets:
        if not count:
            file.write(
                f"ISA*00*{'':10}*00*{'':10}*ZZ*{SENDER:15}*ZZ*{RECEIVER:15}*{day[2:]}*0000*^*00501*000000001*0*T*:~\n"
                f"GS*{group}*{SENDER}*{RECEIVER}*{day}*0000*1*X*{version}~\n"
            )
        count += 1
        body = "~\n".join(segments)
        file.write(f"ST*{kind}*{count:04d}{guide}~\n{body}~\nSE*{len(segments) + 2}*{count:04d}~\n")
    if count:
        file.write(f"GE*{count}*1~\nIEA*1*000000001~\n")
    return count
