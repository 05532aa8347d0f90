"""Medicare's own files: RIF and LDS of claims, beneficiaries and drugs, the feed of ACOs (CCLF), IDR extracts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cpticd.claims import Claims
from cpticd.core import sources
from cpticd.core.conform import as_arrow
from cpticd.core.errors import InputError
from cpticd.loaders import closing
from cpticd.loaders.cms import beneficiaries, claim_files, claim_tables, drug_events, fixed, layouts
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Loader, Options, Sample
from cpticd.loaders.staging import UNIT, Stage, Staged, TableLike, items

_FIXED: Final = " fixed"


def read_rif(*paths: TableLike | Iterable[TableLike], quiet: bool = False, progress: bool = True) -> Claims:
    """One data set of Medicare files: one line per line or revenue line of a claim.

    Parameters: ``paths`` are files (CSV, pipe, tab, gzip, zip, Parquet; globs), DataFrames or Arrow tables, one by one
    or as lists, each recognised by its columns: RIF and LDS of carrier, DME, outpatient, inpatient, skilled nursing,
    home health and hospice claims (claims and lines in one file, or a base file with the file of its lines),
    beneficiary summaries and Part D events; CCLF 1 to 9, delimited or in CMS's fixed width; extracts of the IDR.

    - What repeats on every line of a claim counts once. Inpatient and skilled nursing lines have no payment of their
      own: the claim's payment stands for the claim, and the ledger spreads it.
    - Revenue center 0001 is the total of a claim and no line, unless a procedure stands on it.
    - A line's outcome is its processing indicator (LINE_PRCSG_IND_CD), a claim's its payment denial code or its reason
      for non-payment; reasons of revenue lines (REV_CNTR_1ST_ANSI_CD, CO120) are adjustments. The version beside a
      diagnosis says whether it is ICD-9 or ICD-10, and the last day of the claim where there is none.
    - A cancellation takes back the decision on the claim that it cancels, an adjustment replaces its claim, by control
      number, else by provider and days; what a later action has replaced is left out.
    - ``paid_date`` is the day that the claim was processed: these files have no other. CCLF has no submitted charge:
      ``charge_amount`` is the allowed one, and ``rejects`` says so.
    - ``provider_specialty``, CMS's code, is an attribute of the line. Persons are named by BENE_ID, or by the MBI that
      CCLF9 has as current.

    ``quiet``: the line of what was loaded, in rows and dollars, is not printed.

    Raises InputError for a file that is none of these, or that cannot be read. Layouts: ResDAC, record layouts of RIF
    and LDS; CMS, CCLF Information Packet.

    >>> import cpticd as cx, pandas as pd
    >>> claim = {"BENE_ID": "1", "CLM_ID": "9", "NCH_CLM_TYPE_CD": "71", "CLM_FROM_DT": "30-May-2024"}
    >>> line = {"LINE_NUM": "1", "HCPCS_CD": "95810", "LINE_SBMTD_CHRG_AMT": "900", "LINE_PRCSG_IND_CD": "N"}
    >>> claims = cx.read_rif(pd.DataFrame([claim | line]), quiet=True, progress=False)
    >>> claims.table("line_outcomes")[["hcpcs_code", "initial_outcome"]].values.tolist()
    [['95810', 'denied']]
    """
    intake = Intake(progress=progress)
    files: dict[str, list[Any]] = {}
    for item in items(list(paths)):
        if isinstance(item, (str, os.PathLike)):
            for path in sources.paths_of(item):
                files.setdefault(_kind_of_path(path), []).append(path)
        else:
            kind = layouts.kind_of(as_arrow(item).column_names)
            files.setdefault(kind or _refused("a table", as_arrow(item).column_names), []).append(item)
    if not files:
        raise InputError("read_rif: no file was given; pass at least one path or DataFrame")
    load(files, intake, Options())
    return closing.ended(intake, quiet=quiet)


def _kind_of_path(path: Path) -> str:
    sample = Sample(path, layouts.known, {})
    return tell(sample) or _refused(str(path), sample.columns)


def _refused(name: str, columns: list[str]) -> str:
    raise InputError(
        f"{name}: neither RIF nor CCLF: columns {columns[:20]}; read flat files with cpticd.read_wide(), "
        "DE-SynPUF with cpticd.read_synpuf()"
    )


def tell(sample: Sample) -> str | None:
    """Which of Medicare's files a sample is; InputError for one of them that holds neither claims nor persons."""
    if sample.is_folder:
        return None
    kind = None
    if not sample.is_parquet:
        kind = fixed.kind_of(sample.path.name, sample.head)
    kind = kind or layouts.kind_of(sample.columns)
    file = (kind or "").removesuffix(_FIXED).removeprefix("cclf ")
    if file in layouts.NO_CLAIMS:
        raise InputError(
            f"{sample.path}: CCLF{file}, {layouts.NO_CLAIMS[file]}: it holds no claims; leave it out"
        )
    if kind is None and (what := layouts.codes_of_claims(sample.columns)):
        raise InputError(f"{sample.path}: RIF, {what} of claims: it holds no claims; leave it out")
    if kind is None and layouts.is_extract(sample.columns):
        raise InputError(
            f"{sample.path}: an extract of CMS's Integrated Data Repository (IDR) without claims, lines or diagnoses: "
            f"columns {sample.columns[:12]}; leave it out"
        )
    return kind


class _Stage(Stage):
    """Stages files of fixed width too."""

    def put_fixed(self, path: Path, file: str) -> list[Staged]:
        """One staged table per text that the path holds, in the columns of the layout."""
        self.intake.name([path])
        names = [column.theirs for column in layouts.positions(file)]
        staged = []
        for source in sources.texts(path, self.intake.shown(path)):
            self._clean = True
            lengths: Counter[int] = Counter()
            batches = fixed.batches(source, file, self.intake.progress, lengths)
            staged.append(self._spooled(source.name, names, batches, "line"))
            if words := fixed.shorter(lengths):
                self.intake.reject(
                    source=source.name, location="", table_name=UNIT, action="noted", severity="warning", reason=words
                )  # fmt: skip
        return staged


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill the tables from files of every kind: persons' identifiers first, then claims, drugs and members."""
    del options
    drug_events.create(intake)
    claim_files.create(intake)
    persons = beneficiaries.Persons(intake)
    for kind, given in files.items():
        for item in items(given):
            stage = _Stage(intake)
            for staged in _staged(stage, kind, item):
                with intake.file(staged.source):
                    _one(intake, kind.removesuffix(_FIXED), staged, persons)
            stage.clear()
    persons.settle()
    claim_tables.fill(intake)
    beneficiaries.fill(intake)
    drug_events.fill(intake)


def _staged(stage: _Stage, kind: str, item: Any) -> list[Staged]:
    if kind.endswith(_FIXED) and isinstance(item, (str, os.PathLike)):
        with stage.intake.file(stage.intake.shown(Path(item))):
            return stage.put_fixed(Path(item), kind.split()[1])
        return []
    return stage.put(item, name=layouts.word(kind), unit=UNIT, known=layouts.known)


def _one(intake: Intake, kind: str, staged: Staged, persons: beneficiaries.Persons) -> None:
    """Take over the rows of one file."""
    intake.execute(
        "INSERT INTO cms_sources VALUES ($src, $name, $word)",
        {"src": intake.source_id(staged.source), "name": staged.source, "word": staged.word},
    )
    found = layouts.fields(kind, staged.columns)
    if "current" in found:
        persons.add(staged, found)
    elif "fill" in found:
        drug_events.take(intake, staged, found)
    elif "birth_date" in found:
        beneficiaries.take(intake, staged, found)
    elif "ansi_1" in found and "number" not in found and "signature" in found:
        claim_files.signatures(intake, staged, found)
    else:
        file = claim_files.ClaimFile(intake, staged, kind)
        file.load()
        file.tell_repairs()
        file.note_unused()


LOADER = Loader("RIF and CCLF", tell, load, layouts.known)
