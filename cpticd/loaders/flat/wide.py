"""The flat export that everyone has: one row per service line, with its claim, diagnoses and payment beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from cpticd.claims import Claims
from cpticd.core.errors import SchemaError
from cpticd.loaders import closing, excel, layouts, no_claims
from cpticd.loaders.attributes import check_keep, kept
from cpticd.loaders.excel import SheetChoice
from cpticd.loaders.flat import checks, contents, diagnoses, headings, lines, wordings
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.flat.reasons import Wordings, checked
from cpticd.loaders.flat.rows import Flat
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Files, Keep, Loader, Options, Rename, Sample
from cpticd.loaders.payers import Aliases, aliases
from cpticd.loaders.staging import UNIT, Stage, Staged, TableLike, items

_LIKE_PAYER = re.compile(r"\bins|insur|payer|payor|carrier|\bplan|coverage", re.IGNORECASE)


def read_wide(
    path_or_frame: TableLike | Iterable[TableLike],
    *,
    rename: Mapping[str, str] | None = None,
    keep: Keep = None,
    payers: Aliases | None = None,
    reasons: Wordings | None = None,
    layout: str | None = None,
    sheet: SheetChoice = None,
    quiet: bool = False,
    progress: bool = True,
) -> Claims:
    """One data set of flat files: one row per service line, repeated for each adjudication of it.

    Parameters: ``path_or_frame``, a CSV (any usual delimiter, encoding, gzip or zip), Excel (.xlsx, .xlsm, .xlsb,
    .xls, .ods; extra ``excel``) or Parquet path, a glob, a DataFrame or an Arrow table, or several of them, read as
    one data set. Columns are guessed from usual names, and the guess and what was read are printed unless ``quiet``;
    ``rename`` ({their name: canonical name}) overrides the guess. ``layout`` names a published layout whose columns
    and values are known: apcd_cdl, apcd_mc, marketscan, optum, taf (T-MSIS), omop, pcornet. ``sheet`` names the
    sheets of a workbook (names, or numbers from 1); without it the one that looks like claims is read, and those
    with the same heading. Every guess, repair and rejection is in ``claims.rejects``. ``keep`` names columns of your
    own ("all": those without another meaning) that become attributes of the line, ``plan_type`` for "Plan Type":
    dimensions that lines can be divided (``by=``) and chosen (``where``) by. ``payers`` says which payer a name stands
    for, as in ``read``.

    The flat form knows these columns (``_n``: _1, _2…), of which only claim_id is indispensable:

    - claim: claim_id, person_id, payer, payer_kind, payer_sequence (1, P or primary), claim_type, billing_npi,
      billing_taxonomy, facility_npi, drg_code, discharge_status_code, bill_type_code, frequency_code,
      original_payer_claim_id, claim_start_date, claim_end_date, received_date, claim_charge_amount, claim_paid_amount
    - line: claim_line_number, claim_line_start_date, claim_line_end_date, hcpcs_code, hcpcs_modifier_n or
      modifiers ("25,59"), revenue_center_code, service_unit_quantity, unit_of_measure, ndc_code,
      place_of_service_code, rendering_npi, rendering_taxonomy, charge_amount
    - diagnoses: diagnosis_code_n or diagnosis_codes ("E11.9;I10"), diagnosis_poa_n, diagnosis_code_type;
      diagnosis_pointers ("A,B", "AB", "1:2", "12" = 1 and 2) or diagnosis_pointer_n (one each)
    - payment: paid_date, status, denial_flag, allowed_amount, paid_amount, patient_responsibility_amount,
      deductible_amount, coinsurance_amount, copay_amount, payer_claim_id, payment_id (of the check or transfer),
      adjustment_type (0 original, 1 cancellation, 2 adjustment), paid_hcpcs_code (as adjudicated),
      group_code_n with carc_n and adjustment_amount_n, or adjustment_n ("CO-45", "CO-45: 12.50"); rarc_n
    - institutional: procedure_code_n (ICD), procedure_date_n, procedure_code_type
    - person: birth_date, sex

    How rows become claims:

    - Rows with the same claim_id are one claim (two, where they name two persons). Without line numbers,
      lines are numbered by what they hold, so that the order of rows does not matter.
    - A row is an adjudication if it has a paid date, a status, a reason or an amount other than zero. The
      same line paid or denied on several dates has several, numbered by date; a negative charge or a
      reversing status is a reversal. Equal rows of one line number are one: the copies are rejected.
    - Rows of one line that differ in nothing but reasons, remarks or diagnoses (with line numbers: or modifiers) are
      one decision, whose dollars count once: a row for each reason, as remittances are flattened. Another paid date,
      payer or payment number is another decision. Without line numbers equal rows are services of their own, unless
      charge, payment and reasons balance only for all of them together.
    - No claims: totals, headings that stand again, what a report prints around its rows; rejected as what they are,
      without dollars. A row that another of the files has too is loaded once.
    - A payment (or charge) that every line of a claim repeats is the claim's, and counts once. Of claims of one line a
      total charge is the line's charge. Dollars without a reason (a write-off) deny nothing.
    - A cancellation (adjustment_type 1 or Void, a reversing status) with positive amounts takes back what it repeats.
    - Amounts of reasons that have none follow from charge - paid (reported as repaired). A denial code on a
      line without a paid amount denies it: 0 was paid. A denial without a reason, or whose words name no
      code ("Denied"), becomes an adjustment of the whole charge without a code: denied, cause unknown.
    - Codes stand apart by ; , / | or blanks, words behind a code are left out ("CO-16: lacks information"),
      N290 or MA130 among them are remarks, 0 is no code.
    - What stands in a column outweighs its heading: a guess that its cells contradict (words in a line number, dollars
      in a reason code, names in an NPI) is dropped and reported with an example, or moved to what they are.
      ``rename={"their name": None}`` says that a column is not used.
    - Repaired and reported: leading zeros (00100, POS 01, revenue code 0450), ``99213.0``, ``99213-25``,
      ``HC:99213:25``, ``E11.9 - diabetes``, spreadsheet day numbers, thousands separators, (5.00), ``$ -`` for 0.
      Left out and reported: a cell without the shape of what its column holds (OFFICE as a procedure). Whether the
      day or the month comes first is decided by a whole column of dates, then by the other dates of the file.
    - Amounts with a decimal comma are read where all cells of the column have that form, whole cents where the heading
      says cents ("PAID_AMT_CENTS"); dollars whose heading goes with that of a reason are that reason's ("Remittance
      Amount" beside "Remit Code"), where charge and payment agree. A code in brackets behind words is the reason.
    - Statuses are read in words, too ("Partially denied", "Denial overturned", 04); where one contradicts what was
      paid the amount is believed, and that is reported.
    - Rejected: rows without a claim id, ragged rows, impossible dates, letters in money, numbers that a spreadsheet
      turned into 1.23E+15. Lost leading zeros of ICD-9-CM codes are not guessed.
    - Noted, with their number: rows without a date of service or a procedure, dates before 1990 or to come,
      pointers to diagnoses that are not there, errors of a spreadsheet (``#N/A``), which are read as empty.

    Raises InputError for what is no table, where no row could be loaded, and where a column of charges holds none;
    SchemaError where no column names the claim.

    >>> import cpticd as cx, pandas as pd
    >>> export = pd.DataFrame({"Claim #": ["A1"], "CPT": "99213", "Dx1": "E11.9", "Charge": "80", "Clinic": "east"})
    >>> claims = cx.read_wide(export, keep=["Clinic"], quiet=True, progress=False)
    >>> claims.table("lines")[["claim_id", "hcpcs_code", "charge_amount"]].values.tolist()
    [['A1', '99213', 80.0]]
    >>> claims.table("attributes")[["name", "value"]].values.tolist()
    [['clinic', 'east']]
    """
    intake = Intake(progress=progress)
    intake.aliases = aliases(payers)
    options = Options(rename=rename, keep=keep, quiet=quiet, layout=layout, sheet=sheet, reasons=reasons)
    load({"flat": [path_or_frame]}, intake, options)
    return closing.ended(intake, quiet=quiet)


def tell(sample: Sample) -> str | None:
    """``flat`` where a column names the claim and at least two more are known."""
    if sample.is_folder:
        return None
    meanings = {guess.meaning for guess in headings.guess(sample.columns) if guess.meaning}
    return "flat" if "claim_id" in meanings and len(meanings) >= 3 else None


def load(files: Files, intake: Intake, options: Options) -> None:
    """Fill the canonical tables from flat files; prints what the user must know of how they were read."""
    stage = Stage(intake, sheet=options.sheet)
    guesses = prepared(intake, stage, files, options)
    if guesses:
        if not options.quiet:
            print(shown(guesses))
        told = fill(intake, guesses, own=options.reasons)
        if told and not options.quiet:
            print("\n".join(told))
    layouts.forget(intake, [table for table, _ in guesses])
    stage.clear()


def prepared(
    intake: Intake, stage: Stage, files: Files, options: Options
) -> list[tuple[Staged, list[Guess]]]:
    """The flat files as staged tables, each with what its columns are read as."""
    given = [item for items in files.values() for item in items]
    rename = options.rename or {}
    used = layouts.layout(options.layout) if options.layout else None
    staged = stage.put(given, name="table", unit=UNIT, known=partial(_known, {*rename}))
    if not intake.lenient:
        excel.check_sheet(options.sheet, items(given))
        _check_names(staged, rename, options.keep)
    guesses = []
    for table in staged:
        with intake.file(table.source):
            names = used.rename(table.columns, rename) if used else rename
            read = layouts.translated(intake, table, used) if used else table
            found = guessed(intake, read, names, keep=options.keep)
            guesses.append((read, _by_layout(intake, read, found, used, rename)))
    return guesses


def _known(own: set[str], cells: list[str]) -> int:
    """How many cells of a row are names of columns: usual ones, those of a layout, or the user's."""
    named = {each.strip().casefold() for each in own}
    return max(headings.known(cells), layouts.known(cells)) + sum(
        cell.strip().casefold() in named for cell in cells
    )


def _by_layout(
    intake: Intake, table: Staged, found: list[Guess], used: layouts.Layout | None, own: Rename
) -> list[Guess]:
    """The guesses, those of a layout with its name; a layout that fits and was not asked for is noted."""
    if used is None:
        fits = layouts.fitting(table.columns)
        if fits is not None and not own:
            intake.reject(
                source=table.source, location="", table_name=UNIT, action="noted", severity="warning",
                reason=f"its columns are those of {fits.title}: read it with layout={fits.name!r}, which knows them "
                "and their values",
            )  # fmt: skip
        return found
    if words := layouts.doubt(intake, table, used):
        intake.reject(
            source=table.source, location="", table_name=UNIT, action="noted", severity="warning", reason=words
        )  # fmt: skip
    chosen = {theirs.strip().casefold() for theirs in own}
    return [
        replace(each, why=f"layout {used.name}")
        if each.meaning and (name := each.column.strip().casefold()) in used.columns and name not in chosen
        else each
        for each in found
    ]


def guessed(
    intake: Intake, table: Staged, rename: Rename, *, keep: Keep = None, exact: bool = False
) -> list[Guess]:
    """What each column of a staged table is read as, and which are kept; SchemaError where none names the claim, or a
    row is no line."""
    guesses = contents.guessed(intake, table, rename, exact=exact)
    if not any(each.meaning == "claim_id" for each in guesses):
        hint = "; perhaps the delimiter was not recognised" if len(table.columns) == 1 else ""
        raise SchemaError(
            f"{table.source}: no column that names the claim; found {table.columns[:40]}{hint}; pass "
            f"rename={{'<your column>': 'claim_id'}}; the flat form knows {', '.join(headings.VOCABULARY)}"
        )
    has_dollars = any(
        each.meaning in ("charge_amount", "claim_charge_amount", "paid_amount") for each in guesses
    )
    if not has_dollars and (what := no_claims.of_unread(each.column for each in guesses if not each.meaning)):
        raise SchemaError(f"{table.source}: {what}")
    own = kept(table.columns, keep, unread=[each.column for each in guesses if not each.meaning])
    return [
        replace(each, kept=own.names.get(each.column, ""), why=own.refused.get(each.column, each.why))
        for each in guesses
    ]


def check_rows(table: Staged, guesses: Iterable[Guess]) -> None:
    """Raise SchemaError where columns say that a row is no line: nothing says what was charged or paid, and what is
    not read says why."""
    guesses = list(guesses)
    has_dollars = any(
        each.meaning in ("charge_amount", "claim_charge_amount", "paid_amount") for each in guesses
    )
    if not has_dollars and (what := no_claims.of_unread(each.column for each in guesses if not each.meaning)):
        raise SchemaError(f"{table.source}: {what}")


def fill(
    intake: Intake, guesses: list[tuple[Staged, list[Guess]]], *, own: Wordings | None = None
) -> list[str]:
    """Fill the canonical tables from staged flat tables whose columns have been guessed.

    ``own`` are the user's wordings of reasons. Returns what he must know of how denials were read.
    """
    for table, found in guesses:
        intake.gave |= {each.meaning for each in found if each.meaning}
        for each in found:
            word = "read as " if each.meaning else "" if each.kept else "column not used: "
            intake.reject(
                source=table.source, location=f"column {each.column}", table_name=UNIT, action="noted",
                reason=word + each.shown.removeprefix("- not used: "), content=each.column,
            )  # fmt: skip
        if words := _no_payer(found):
            intake.reject(
                source=table.source, location="", table_name=UNIT, action="noted", reason=words
            )  # fmt: skip
    flat = Flat(intake, guesses)
    for table, _ in guesses:
        table.rest()
    flat.wordings = checked(own)
    lines.load(flat)
    wordings.note(flat)
    diagnoses.load(flat)
    checks.note(flat)
    flat.finish()
    return flat.told


def _check_names(staged: list[Staged], rename: Rename, keep: Keep) -> None:
    """Raise SchemaError where rename or keep names a column that is not there."""
    everywhere = [column for table in staged for column in table.columns]
    folded = {column.lower() for column in everywhere}
    if absent := [name for name in rename if name.lower() not in folded]:
        raise SchemaError(f"rename: no column {absent} in {staged[0].source}; found {staged[0].columns}")
    check_keep(keep, everywhere)


def shown(guesses: list[tuple[Staged, list[Guess]]]) -> str:
    """The guesses as a table to print: their column, what it was read as."""
    lines = []
    for table, found in guesses:
        width = max(len(each.column) for each in found)
        lines.append(f"{table.source}: {table.rows:,} rows; columns read as (rename= overrides)")
        lines += [f"  {each.column:<{width}}  {each.shown}" for each in found]
        if words := _no_payer(found):
            lines.append(f"  {words}")
    return "\n".join(lines)


def _no_payer(found: list[Guess]) -> str:
    """The note that no column names the payer, so that payers cannot be distinguished; empty where one does."""
    if any(each.meaning == "payer" for each in found):
        return ""
    likely = (each.column for each in found if not each.meaning and _LIKE_PAYER.search(each.column))
    column = next(likely, "<your column>")
    return (
        f"no payer: all lines are of payer '(unknown)'; if a column names it: rename={{{column!r}: 'payer'}}"
    )


LOADER = Loader(
    "flat file",
    tell,
    load,
    headings.known,
    frozenset({"rename", "keep", "quiet", "layout", "sheet", "reasons"}),
)
