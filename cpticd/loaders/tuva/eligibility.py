"""Tuva's ``eligibility``, one row per span of coverage, into ``members``, one row per person and year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from cpticd import sql
from cpticd.loaders import repair
from cpticd.loaders.flat import lexicon
from cpticd.loaders.intake import Intake
from cpticd.loaders.repair import Cell
from cpticd.loaders.staging import Staged
from cpticd.loaders.tuva.names import EXTENSION, PERSON
from cpticd.loaders.tuva.rows import Reader, Rows, located

#: What accounting calls a row of the table.
UNIT: Final = "eligibility spans"
#: Columns of ``members`` that Tuva has not, and that a connector may add: x_part_b_months, or part_b_months.
_MONTHS: Final = (
    "enrolled_months", "part_b_months", "part_d_months", "medicare_advantage_months", "low_income_months",
    "hospice_months",
)  # fmt: skip
_EXTRA: Final = ("esrd_status", "graft_date", *_MONTHS)
_FLAGS: Final = ("long_term_institutional", "new_enrollee", "special_needs_plan", "esrd")
#: Their column → ours.
_NAMES: Final = {
    **dict.fromkeys(PERSON, "person_id"),
    "enrollment_start_date": "start_date",
    "enrollment_end_date": "end_date",
    "gender": "sex",
    "sex": "sex",
    "long_term_institutional_flag": "long_term_institutional",
    "institutional_snp_flag": "special_needs_plan",
    "hospice_flag": "hospice",
    **{
        name: name
        for name in (
            "payer", "payer_type", "plan", "birth_date", "death_date", "state", "dual_status_code",
            "original_reason_entitlement_code", "medicare_status_code", "enrollment_status", *_EXTRA, *_FLAGS,
        )
    },
    **{f"{EXTENSION}{name}": name for name in (*_EXTRA, *_FLAGS)},
}  # fmt: skip
#: What the latest span of a year says of the person.
_LATEST: Final = (
    "birth_date", "death_date", "sex", "state", "dual_status_code", "original_reason_entitlement_code", "esrd_status",
    "graft_date",
)  # fmt: skip
#: Coverage before that day is counted from it: earlier starts stand for "always", and no claims are as old.
EARLIEST: Final = dt.date(1990, 1, 1)
#: An end from that year on stands for none.
_NO_END: Final = 2099


def _flag(x: str) -> Cell:
    folded = f"lower({x})"
    return Cell(
        f"CASE WHEN {folded} IN ('1', 'true', 't', 'y', 'yes') THEN true "
        f"WHEN {folded} IN ('0', 'false', 'f', 'n', 'no') THEN false END"
    )


def _sex(x: str) -> Cell:
    return Cell(
        f"CASE WHEN {x} IS NULL THEN NULL WHEN {x} = '2' OR lower({x}) LIKE 'f%' THEN 'female' "
        f"WHEN {x} = '1' OR lower({x}) LIKE 'm%' THEN 'male' ELSE 'unknown' END"
    )


_READERS: Final[dict[str, Reader]] = {
    "person_id": repair.identifier,
    **dict.fromkeys(("start_date", "end_date", "birth_date", "death_date", "graft_date"), repair.date),
    **dict.fromkeys(("payer", "payer_type", "plan", "enrollment_status", "esrd_status"), repair.text),
    **dict.fromkeys((*_FLAGS, "hospice"), _flag),
    **dict.fromkeys(_MONTHS, repair.whole),
    "sex": _sex,
    "state": lambda x: Cell(f"upper({x})"),
    "dual_status_code": lambda x: repair.padded(x, 2, 1),
    "original_reason_entitlement_code": repair.code,
    "medicare_status_code": lambda x: repair.padded(x, 2, 1),
}


def fill(intake: Intake, staged: Sequence[Staged], rename: Mapping[str, str]) -> None:
    """Fill ``members`` from all spans together; coverage without an end lasts as long as the claims that are there."""
    found = located(intake, staged, _NAMES, rename, UNIT)
    wrong = {
        "person_id IS NULL": "no person",
        "start_date IS NULL": "no first day of coverage (enrollment_start_date): when it was cannot be known",
        "end_date < start_date": "coverage that ends before it begins",
    }
    rows = Rows(intake, "tuva_spans", found, _READERS, wrong, unit=UNIT)
    given = [str(intake.source_id(each.source)) for each, place in found if "enrolled_months" in place]
    _complete(intake, given)
    kinds = _kinds(intake)
    horizon = _horizon(intake)
    parts = {"earliest": EARLIEST, "horizon": horizon, "order": ", ".join([*_LATEST, "payer", "plan"])}
    intake.execute(
        f"CREATE OR REPLACE TABLE covered_years AS {sql.text('tuva/covered_years').format(**parts)}"
    )
    _notes(rows, horizon)
    told = "true" if "medicare advantage" in kinds.values() else "false"
    latest = ", ".join(f"arg_max({name}, place) FILTER ({name} IS NOT NULL) AS {name}" for name in _LATEST)
    months = ", ".join(f"max({name}) AS {name}" for name in _MONTHS)
    text = sql.text("tuva/members").format(
        latest=latest, given=months, advantage_is_told=told, members=intake.every("members")
    )
    intake.insert("members", text)
    _kinds_of_claims(rows)
    _strangers(rows)
    intake.execute("DROP TABLE covered_years")
    rows.finish(priced=False)


def _complete(intake: Intake, given: list[str]) -> None:
    """What codes of Medicare say beside the flags, and which spans have no end."""
    text = sql.text("tuva/spans").format(no_end=_NO_END, given=", ".join(given) or "-1")
    intake.execute(f"CREATE OR REPLACE TABLE tuva_spans AS {text}")


def _kinds(intake: Intake) -> dict[str, str | None]:
    """The kind of payer that each payer_type stands for; column payer_kind of the spans."""
    texts = intake.query("SELECT DISTINCT payer_type FROM tuva_spans WHERE payer_type IS NOT NULL ORDER BY 1")
    kinds = {text: _kind(text) for text in texts.column(0).to_pylist()}
    table = {"text": pa.array(kinds, pa.string()), "kind": pa.array(kinds.values(), pa.string())}
    intake.engine.load("tuva_kinds", pa.table(table))
    intake.execute(
        "CREATE OR REPLACE TABLE tuva_spans AS SELECT s.*, k.kind AS payer_kind FROM tuva_spans s "
        "LEFT JOIN tuva_kinds k ON k.text = s.payer_type"
    )
    intake.execute("DROP TABLE tuva_kinds")
    return kinds


def _kind(text: str) -> str | None:
    # Employers that insure themselves stand in Tuva beside commercial plans.
    return (
        "commercial" if text.strip().lower() in ("self-insured", "self insured") else lexicon.payer_kind(text)
    )


def _horizon(intake: Intake) -> dt.date:
    """The last day that spans, claims and fills name: until then coverage without an end lasts."""
    text = sql.text("tuva/horizon").format(claims=intake.every("claims"), drugs=intake.every("drugs"))
    days = intake.query(text)
    found: dt.date | None = days.column("day")[0].as_py()
    return found or EARLIEST


def _notes(rows: Rows, horizon: dt.date) -> None:
    """What was assumed of spans, and where they contradict each other."""
    rows.note(
        f"coverage without an end: counted until {horizon}, the last day that coverage and claims name",
        "SELECT _source, person_id AS content FROM tuva_spans WHERE is_open",
    )
    rows.note(
        "coverage after the person's death: counted until death",
        "SELECT _source, person_id AS content FROM tuva_spans "
        "WHERE death_date >= start_date AND (NOT is_open AND death_date < end_date)",
    )
    rows.note(
        f"coverage that begins before {EARLIEST}: counted from that day",
        f"SELECT _source, person_id AS content FROM tuva_spans WHERE start_date < DATE '{EARLIEST}'",
    )
    for name in _LATEST[:6]:
        rows.note(
            f"{name}: spans of one person and year differ; that of the latest was kept",
            f"SELECT min(_source) AS _source, person_id || ', ' || year AS content FROM covered_years "
            f"GROUP BY person_id, year HAVING min({name}) <> max({name})",
        )
    given = " OR ".join(f"{name} IS NOT NULL" for name in _MONTHS)
    rows.note(
        "months that a column gives, beside other spans of the year, or of a span over several years: not used",
        f"SELECT min(_source) AS _source, person_id || ', ' || year AS content FROM covered_years "
        f"GROUP BY person_id, year HAVING bool_or({given}) AND NOT (count(*) = 1 AND bool_and(is_within))",
    )


def _kinds_of_claims(rows: Rows) -> None:
    """Claims of a payer all of whose coverage is of one kind are of that kind, where they do not say themselves."""
    intake = rows.intake
    found = intake.query(
        "SELECT s.payer, min(s.payer_kind) AS kind, min(s._source) AS _source FROM tuva_spans s "
        "SEMI JOIN (SELECT payer FROM claims WHERE payer_kind IS NULL) c ON c.payer = s.payer GROUP BY s.payer "
        "HAVING min(s.payer_kind) = max(s.payer_kind) AND count(s.payer_kind) = count(*) ORDER BY s.payer"
    )
    if not found.num_rows:
        return
    intake.engine.load("tuva_payers", found)
    intake.execute(
        "UPDATE claims SET payer_kind = p.kind FROM tuva_payers p "
        "WHERE claims.payer = p.payer AND claims.payer_kind IS NULL"
    )
    intake.execute("DROP TABLE tuva_payers")
    shown = "; ".join(f"{row['payer']}: {row['kind']}" for row in found.to_pylist())
    intake.reject(
        source=rows.names[found.column("_source")[0].as_py()], location="", table_name="claims", action="noted",
        reason="kinds of payers of claims were taken from payer_type of their coverage", content=shown,
    )  # fmt: skip


def _strangers(rows: Rows) -> None:
    """Note where no covered person has a claim: two numbers of persons are at work."""
    intake = rows.intake
    covered = "claims c SEMI JOIN tuva_spans s ON s.person_id = c.person_id"
    if intake.holds("claims") and not intake.holds(covered):
        rows.note(
            "none of the persons with coverage has a claim: claims and coverage number persons differently",
            "SELECT _source, person_id AS content FROM tuva_spans",
        )
