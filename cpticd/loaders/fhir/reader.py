"""FHIR files: recognised by their content, read as one data set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cpticd.claims import Claims
from cpticd.core import sources
from cpticd.core.errors import InputError
from cpticd.loaders import closing
from cpticd.loaders.fhir import claims, codes
from cpticd.loaders.fhir.resources import Resources
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample
from cpticd.loaders.payers import Aliases, aliases

_RESOURCE: Final = re.compile(rb'"resourceType"\s*:|"https?://(?:hl7\.org/fhir|terminology\.hl7\.org)/')
_XML: Final = re.compile(rb'<[A-Za-z]+\s[^>]*xmlns="http://hl7\.org/fhir"')


def read_fhir(
    *paths: sources.PathLike | Iterable[sources.PathLike],
    payers: Aliases | None = None,
    quiet: bool = False,
    progress: bool = True,
) -> Claims:
    """One data set of FHIR files: claims of ExplanationOfBenefit and Claim, with lines, diagnoses and decisions.

    Parameters: ``paths`` are JSON files (plain, gzip or zip; globs), one by one or as lists: a Bundle (searchset pages,
    Bundles in one another), bulk data (NDJSON, one resource a line), single resources, lists of them. Read are R4 and
    STU3 side by side, as in CARIN Blue Button, Blue Button 1, 2 and 3, BCDA, DPC and AB2D. ``payers`` says which payer
    a name stands for, as in ``read``.

    How resources become tables:

    - An ExplanationOfBenefit is a claim and its decision; a Claim is a claim, and a ClaimResponse the decision on it (a
      claim of its own where its Claim is not there). A Claim that an ExplanationOfBenefit names stands in that.
    - Items are lines, under their sequence; details are lines in their item's place where they carry services and what
      the item charges. Revenue center 0001 without a procedure is the total of the others.
    - Benefit and payment to the provider are one payment. The category denialreason is no denial by itself: a reason
      counts by the list that it is of (X12's CARC, RARC, revenue center ANSI codes). Where it has no amount, that
      follows from charge, payment and what was not covered (repaired, in ``rejects``). Medicare's line processing
      indicator is kept on the line.
    - Pharmacy claims and Part D events are ``drugs``. Patient and Coverage give ``members``, year by year; a coverage
      without an end counts up to the last day that the data speak of.
    - Observations (and their components) with a person, a day, a code and a value are ``observations``.
    - Left out, with the reason in ``rejects``: preauthorizations, drafts, what was entered in error, deleted drug
      events, resources that stand twice, earlier versions of one, kinds of resources that say nothing of claims.
      What is cancelled is a decision and its reversal.
    - Damaged JSON costs a line of bulk data, or else the file.

    ``quiet``: the line of what was loaded, in rows and dollars, is not printed.

    Raises InputError for a file that is not there, and where nothing is a claim, a drug, an observation or a member:
    it says what was found.

    >>> import cpticd as cx, json, pathlib, tempfile
    >>> cpt = {"system": "http://www.ama-assn.org/go/cpt", "code": "99213"}
    >>> item = {"sequence": 1, "productOrService": {"coding": [cpt]}, "net": {"value": 80}}
    >>> claim = {"resourceType": "Claim", "id": "c1", "patient": {"reference": "Patient/p1"}, "item": [item]}
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "claim.json"
    >>> _ = path.write_text(json.dumps(claim))
    >>> lines = cx.read_fhir(path, quiet=True, progress=False).table("lines")
    >>> lines[["claim_id", "hcpcs_code", "charge_amount"]].values.tolist()
    [['c1', '99213', 80.0]]
    """
    intake = Intake(progress=progress)
    intake.aliases = aliases(payers)
    load({"fhir": list(paths)}, intake, Options())
    return closing.ended(intake, quiet=quiet)


def tell(sample: Sample) -> str | None:
    """``fhir`` where the first bytes are JSON with a FHIR resource; InputError where it is XML."""
    if sample.is_folder or sample.is_parquet:
        return None
    head = _decoded(sample.head).lstrip(b" \t\r\n")
    if _XML.search(head[:4096]):
        raise InputError(
            f"{sample.path}: FHIR in XML, which is not read; ask for it as JSON (application/fhir+json)"
        )
    return "fhir" if head[:1] in (b"{", b"[", b'"') and _RESOURCE.search(head) else None


def _decoded(head: bytes) -> bytes:
    encoding = sources.encoding_of(head)
    if encoding == "utf-8":
        return head
    return head.decode(encoding, "replace").lstrip("\ufeff").encode()


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill the canonical tables from FHIR files."""
    given = [item for items in files.values() for item in items]
    paths: list[Path] = []
    for item in given:
        paths += sources.paths_of(item)
    paths = list(dict.fromkeys(paths))
    intake.name(paths)
    codes.define(intake.engine)
    resources = Resources(intake)
    for path in paths:
        with intake.file(intake.shown(path)):
            for source in sources.texts(path, intake.shown(path)):
                resources.add(source)
    claims.fill(intake, resources)
    codes.forget(intake.engine)


LOADER = Loader("FHIR", tell, load)
