"""The first thing to do with a file: what it is, how it would be read, what it lacks, and the call that reads it."""

from __future__ import annotations

from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pandas as pd

from cpticd import sql
from cpticd.claims import Claims
from cpticd.core import sources
from cpticd.core.errors import CpticdError, InputError
from cpticd.core.partial import only_denials
from cpticd.loaders import closing, excel, layouts, look_likely, look_page, no_claims, registry, saved
from cpticd.loaders.excel import SheetChoice
from cpticd.loaders.flat import headings, wide
from cpticd.loaders.flat.headings import Guess
from cpticd.loaders.intake import Intake
from cpticd.loaders.loader import Options, Rename
from cpticd.loaders.look_sample import ROWS, sampled
from cpticd.loaders.staging import Stage, Staged


@dataclass(frozen=True)
class Look:
    """What a file is. Shown as text, and as tables in a notebook.

    ``kind`` and ``grain`` in words; ``columns``, a row per column: column, read_as, why, filled, examples; ``sample``,
    up to five lines as they would load; ``missing``, a row per fact that nothing gives: missing, impossible; ``call``,
    what to run next; ``notes``, what to know of how it was read; ``reason``, why it is not read, else empty.
    """

    path: Path
    kind: str
    grain: str = ""
    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    sample: pd.DataFrame = field(default_factory=pd.DataFrame)
    missing: pd.DataFrame = field(default_factory=pd.DataFrame)
    call: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""
    sampled: str = ""  # how much of the file was looked at; empty: all of it

    def __repr__(self) -> str:
        return look_page.text(self)

    def _repr_html_(self) -> str:
        return look_page.html(self)


def look(
    path: sources.PathLike,
    *,
    rename: Rename | None = None,
    layout: str | None = None,
    sheet: SheetChoice = None,
) -> Look:
    """What one file is, what a row of it is, how each column would be read, and the call that reads it.

    Parameters: ``path`` is a file or a folder of files; ``rename``, ``layout`` and ``sheet`` are those of
    ``read_wide``: what you would say when reading it. Of a large file its beginning and some rows of its middle and
    end are read, a second or two. The result shows itself, as text or in a notebook as tables; its attributes are
    ``kind``, ``grain``, ``columns``, ``sample``, ``missing``, ``call``, ``notes`` and ``reason``.

    A file that is none of claims is no error: ``reason`` says what it is and what to do. Raises InputError for a path
    that is not there.

    >>> import cpticd as cx, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "lines.csv"
    >>> _ = path.write_text("Claim #,DOS,CPT,Dx1,Charges,Ins Desc\\nA1,1/31/2025,99213,I10,80,Alder\\n")
    >>> found = cx.look(path)
    >>> found.kind, found.grain
    ('a flat file', 'a service line')
    >>> found.columns[["column", "read_as"]].values.tolist()[:2]
    [['Claim #', 'claim_id'], ['DOS', 'claim_line_start_date']]
    >>> found.missing["missing"].tolist()
    ['payment', 'reason', 'payer', 'person']
    >>> print(found.call.replace(str(path), "lines.csv"))
    claims = cx.read_wide(
        "lines.csv",
        rename={
            "Ins Desc": "payer",  # likely, by its name: check
        },
    )
    """
    target = sources.paths_of(path, folders=True)[0]
    options = Options(rename=rename, layout=layout, sheet=sheet, quiet=True)
    if target.is_dir() and not saved.is_saved(target):
        return _folder(target)
    excel.check_sheet(sheet, [target])
    try:
        known = registry.tell(target, options)
    except InputError as error:
        return _not_told(target, str(error), options)
    if known.loader is wide.LOADER:
        return _flat(target, options)
    return _other(target, known, options)


def _folder(folder: Path) -> Look:
    """What the files of a folder are."""
    rows = []
    for each in registry.inside_of(folder):
        try:
            rows.append((each.relative_to(folder).as_posix(), _called(registry.tell(each)), ""))
        except InputError as error:
            rows.append((each.relative_to(folder).as_posix(), "not read", str(error)))
    columns = pd.DataFrame(rows, columns=["file", "kind", "why"], dtype="str")
    call = f'claims = cx.read("{folder}")' if (columns["kind"] != "not read").any() else ""
    reason = "" if call else "no file of the folder can be read as claims"
    return Look(folder, f"a folder of {len(rows):,} files", columns=columns, call=call, reason=reason)


def _called(known: registry.Recognised) -> str:
    """The kind of a file in words, with what it is among the files of this kind, where there are several."""
    name, kind = known.loader.name, known.kind
    return name if kind in name.lower().split() or kind == name.lower() else f"{name}: {kind}"


def _not_told(path: Path, reason: str, options: Options) -> Look:
    """A table of claims whose columns say too little, or a file that is none."""
    try:
        sample = registry.sample_of(path, options)
        fits = layouts.fitting(sample.given)
        likely = {guess.meaning for guess in headings.guess(sample.columns)} - {None}
    except CpticdError:
        return Look(path, "not read", reason=reason)
    if fits and not options.layout:
        return _flat(path, Options(rename=options.rename, layout=fits.name, sheet=options.sheet, quiet=True))
    if len(likely) >= 3 and not no_claims.of_columns(sample.given):
        return _flat(path, options)
    return Look(path, "not read", reason=reason)


# -- flat files ------------------------------------------------------------------------------------


def _flat(path: Path, options: Options) -> Look:
    """What a flat file is: a sample of it is read as the file would be."""
    notes: list[str] = []
    with sampled(path) as part:
        intake = Intake()
        stage = Stage(intake, sheet=options.sheet, limit=None if part.is_whole else ROWS * 8)
        guesses = _guesses(intake, stage, part.path, options)
        columns = pd.concat([_columns(intake, *each) for each in guesses], ignore_index=True)
        found: Claims | None = None
        try:
            _check(guesses)
            with redirect_stdout(StringIO()):
                wide.fill(intake, guesses)
            found = closing.ended(intake)
        except CpticdError as error:
            notes.append(str(error))
        gave = frozenset(guess.meaning for _, each in guesses for guess in each if guess.meaning)
        stage.clear()
    rejects = found.rejects if found else pd.DataFrame(columns=["reason", "action", "location", "severity"])
    fits = layouts.fitting(columns["column"])
    return Look(
        path, f"a flat file{_of_layout(options, fits)}", _grain(found, gave), columns,
        _lines(found) if found else pd.DataFrame(), _missing(found, gave),
        look_page.call(path, options, look_likely.likely(columns, gave)), (*notes, *_notes(rejects)), "", part.words,
    )  # fmt: skip


def _of_layout(options: Options, fits: layouts.Layout | None) -> str:
    if options.layout:
        return f": {layouts.layout(options.layout).title}"
    return f" that may be {fits.title} (layout={fits.name!r})" if fits else ""


def _guesses(intake: Intake, stage: Stage, path: Path, options: Options) -> list[tuple[Staged, list[Guess]]]:
    """What the columns would be read as; without a column that names the claim too."""
    try:
        return wide.prepared(intake, stage, {"flat": [path]}, options)
    except CpticdError:
        if not stage.staged:
            raise
        return [(each, headings.guess(each.columns, options.rename)) for each in stage.staged]


def _check(guesses: list[tuple[Staged, list[Guess]]]) -> None:
    for table, found in guesses:
        if not any(each.meaning == "claim_id" for each in found):
            raise InputError(
                f"no column of {table.source} names the claim, without which nothing is read: say which one does"
            )
        wide.check_rows(table, found)


def _columns(intake: Intake, table: Staged, guesses: list[Guess]) -> pd.DataFrame:
    """One row per column: what it is read as and why, the share of rows that have a value, and some values."""
    rows = []
    for place, guess in enumerate(guesses):
        cell = f"c{place}"
        first = f"SELECT {cell} AS x, min(place) AS p FROM {table.table} WHERE {cell} IS NOT NULL GROUP BY 1"
        some = f"SELECT string_agg(left(x, 30), ' | ' ORDER BY p) FROM ({first} ORDER BY p LIMIT 3)"
        found = intake.records(f"SELECT count({cell}) AS n, ({some}) AS examples FROM {table.table}")[0]
        why = (
            guess.note
            or guess.why
            or ("its name is the canonical one" if guess.is_sure else "a usual heading")
        )
        filled = round(found["n"] / table.rows, 3) if table.rows else 0.0
        rows.append((guess.column, guess.meaning or "", why, filled, found["examples"] or ""))
    return pd.DataFrame(rows, columns=["column", "read_as", "why", "filled", "examples"])


def _grain(claims: Claims | None, gave: frozenset[str]) -> str:
    """What a row is, in words, by what loading the sample said of it."""
    if claims is None:
        return ""
    said = claims.rejects["reason"].astype(str)
    parts = said[said.str.startswith("a row is ")]
    if len(parts):
        return parts.iloc[0].removeprefix("a row is ").partition(":")[0]
    if only_denials(claims):
        return "a denied service line: a list of denials alone"
    if "claim_charge_amount" in gave and "charge_amount" not in gave:
        return "a claim, or a line with its claim's charge"
    return "a service line"


def _lines(claims: Claims) -> pd.DataFrame:
    """Up to five lines as they would load, of different outcomes."""
    with claims.session() as s:
        found = s.frame(sql.text("loading/look_lines"))
    return found.dropna(axis="columns", how="all")


def _missing(claims: Claims | None, gave: frozenset[str]) -> pd.DataFrame:
    if claims is None:
        none = [fact for fact in closing.FACTS if not closing.is_given(fact, gave)]
    else:
        none = closing.missing(closing.figures(claims), gave)
    return pd.DataFrame([(f.name, f.without) for f in none], columns=["missing", "impossible"], dtype="str")


def _notes(rejects: pd.DataFrame) -> list[str]:
    """What was found while the sample was read, each kind once, but for the meaning of the columns."""
    said = rejects[~rejects["location"].astype(str).str.startswith("column ")]
    said = said[~said["reason"].astype(str).str.startswith("a row is ")]
    counts = said.groupby("reason", sort=False).size()
    actions = said.drop_duplicates("reason").set_index("reason")["action"]
    notes = []
    for reason, count in counts.items():
        times = f" ({count:,} times)" if count > 1 else ""
        action = "" if actions[str(reason)] == "noted" else f"{actions[str(reason)]}: "
        notes.append(f"{action}{str(reason)[:240]}{times}")
    return notes[:12] + ([f"… and {len(notes) - 12:,} more kinds"] if len(notes) > 12 else [])


# -- other kinds -----------------------------------------------------------------------------------


def _other(path: Path, known: registry.Recognised, options: Options) -> Look:
    """What a file of another kind is: a sample of it is read by its own loader."""
    kind, notes = _called(known), []
    found: Claims | None = None
    words = ""
    try:
        with sampled(path, is_table=known.loader.known is not None) as part, redirect_stdout(StringIO()):
            words = part.words
            intake = Intake(lenient=True)
            intake.name([part.path])
            known.loader.load({known.kind: [part.path]}, intake, options)
            found = intake.claims() if intake.filled() else None
            notes += intake.refused
    except CpticdError as error:
        notes.append(str(error))
    columns = pd.DataFrame({"column": sorted(known.columns)}) if known.columns else pd.DataFrame()
    call = f'claims = cx.read("{path}")'
    if found is None:
        return Look(path, kind, columns=columns, call=call, notes=tuple(notes), sampled=words)
    notes += _notes(found.rejects) if not words else []
    has_lines = closing.figures(found)["lines"] > 0
    return Look(
        path, kind, _kind_of_rows(found), columns, _lines(found) if has_lines else pd.DataFrame(),
        _missing(found, frozenset()) if has_lines else pd.DataFrame(), call, tuple(notes), "", words,
    )  # fmt: skip


def _kind_of_rows(claims: Claims) -> str:
    """How many rows of which tables the sample fills."""
    with claims.session() as s:
        counts = {
            name: s.value(f"SELECT count(*) AS n FROM {name}")
            for name in (
                "claims",
                "lines",
                "diagnoses",
                "adjudications",
                "adjustments",
                "drugs",
                "observations",
                "members",
            )
        }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
