"""Words of flat files that nothing is known of, or that contradict what was paid: each with its number of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cpticd.loaders.flat import contents, lexicon, reasons
from cpticd.loaders.flat.rows import Flat
from cpticd.loaders.staging import UNIT

#: Unknown words that are listed one by one, the most frequent first; beyond, how many there are.
_LISTED: Final = 40


def note_reasons(flat: Flat) -> None:
    """List reasons that name no code; needs ``flat_cas`` and ``flat_words``."""
    _listed(
        flat,
        "adjustment reason not understood: it was not loaded",
        "SELECT f._source, f._place, c.reason AS text FROM flat_cas c JOIN flat f ON f.rowid = c.own "
        "JOIN flat_words w ON w.text = c.reason WHERE w.unread",
        _proposal,
    )
    flat.tally(
        "a code in brackets behind words was read as the reason",
        "SELECT f._source, f._place, c.reason AS content FROM flat_cas c JOIN flat f ON f.rowid = c.own "
        "JOIN flat_words w ON w.text = c.reason WHERE w.in_brackets",
        action="repaired", table="adjustments", tell=True,
    )  # fmt: skip


def _proposal(text: str) -> str:
    """How the user says what a reason means, with the code that is most likely meant."""
    code = reasons.likely(text)
    return (
        f"if it is CARC {code}: reasons={{{text!r}: {code!r}}}"
        if code
        else f"reasons={{{text!r}: …}} names its CARC"
    )


def note_groups(flat: Flat) -> None:
    """List cells of group columns that hold no group code; needs ``flat_cas`` and ``flat_groups``."""
    _listed(
        flat,
        "not a group code (CO, PR, OA, PI): it was not loaded",
        "SELECT f._source, f._place, c.grp AS text FROM flat_cas c JOIN flat f ON f.rowid = c.own "
        "JOIN flat_groups g ON g.text = c.grp WHERE g.code IS NULL",
    )


def note(flat: Flat) -> None:
    """List words of other columns that mean nothing known, providers without an NPI, and statuses that contradict
    what was paid; needs ``flat_status`` and ``flat_flag``."""
    words: dict[str, Callable[[str], object]] = {
        "denial_flag": contents.CONTENTS["denial_flag"].fits,
        "claim_type": lexicon.claim_type,
        "diagnosis_code_type": lexicon.code_type,
        "procedure_code_type": lexicon.procedure_type,
    }
    for column, known in words.items():
        if flat.has(column):
            unknown = [text for text in flat.distinct(column) if not known(text)]
            listed = ", ".join("'" + text.replace("'", "''") + "'" for text in unknown)
            if unknown:
                _listed(
                    flat,
                    f"{column}: words of which no meaning is known, not used",
                    f"SELECT _source, _place, {column} AS text FROM flat WHERE {column} IN ({listed})",
                )
    flat.tally_where(
        {
            f"{column}: not the ten digits of an NPI, kept as the source's own identifier": (
                column, f"NOT regexp_full_match({column}, '[0-9]{{10}}')",
            )
            for column in ("billing_npi", "rendering_npi", "facility_npi")
            if column in flat.odd
        },
        table=UNIT,
    )  # fmt: skip
    flat.tally_where(
        {
            f"{column}: words without a remark code, not loaded": (
                column, f"NOT regexp_matches(upper({column}), '{lexicon.REMARK}')",
            )
            for column in flat.family("rarc")
        },
        table="remarks",
    )  # fmt: skip
    flat.tally_where(
        {
            f"{column}: digits alone, which ICD-10-CM has none of, on a service after 2015-09-30": (
                column, f"regexp_full_match({column}, '[0-9]+')",
            )
            for column in flat.family("diagnosis_code")
            if column in flat.odd
        },
        table="diagnoses", and_where="coalesce(claim_line_start_date, claim_start_date) >= DATE '2015-10-01'",
    )  # fmt: skip
    _contradictions(flat)


def _contradictions(flat: Flat) -> None:
    """Report rows whose status says that they were denied, and that were paid; and the other way round."""
    denied = f"(s.code = '{lexicon.DENIED}' OR f.denial_flag IN (SELECT text FROM flat_flag))"
    rows = (
        "SELECT f._source, f._place, concat_ws(', ', f.claim_id, coalesce(f.status, f.denial_flag), f.paid_amount) "
        "AS content FROM flat f LEFT JOIN flat_status s ON s.text = f.status WHERE"
    )
    if flat.has("status", "denial_flag") and flat.has("paid_amount"):
        flat.tally(
            "denied by its status, and paid by its amount: the amount was believed",
            f"{rows} {denied} AND f.paid_amount > 0", action="repaired", table="adjudications", tell=True,
        )  # fmt: skip
    if flat.has("status", "paid_amount") and flat.has("charge_amount"):
        pending = f"s.code = '{lexicon.PENDING}'"
        flat.tally(
            "not decided by its status, and paid by its amount: contradictory",
            f"{rows} {pending} AND f.paid_amount > 0", table="adjudications", tell=True,
        )  # fmt: skip


def _listed(flat: Flat, what: str, sql: str, hint: Callable[[str], str] | None = None) -> None:
    """One entry of rejects for each distinct text of ``sql`` (_source, _place, text) and source."""
    found = flat.intake.records(
        f"SELECT _source, text, count(*) AS n, min(_place) AS _place, count(*) OVER (PARTITION BY _source) AS texts, "
        f"row_number() OVER (PARTITION BY _source ORDER BY count(*) DESC, text) AS nth FROM ({sql}) "
        f"GROUP BY _source, text QUALIFY nth <= {_LISTED} ORDER BY _source, nth"
    )
    for row in found:
        rows = f"{row['n']:,} {'row' if row['n'] == 1 else 'rows, the first here'}"
        flat.intake.reject(
            source=flat.names[row["_source"]], location=f"{flat.words[row['_source']]} {row['_place']}",
            table_name="adjustments", action="noted", content=row["text"], severity="warning",
            reason="; ".join(filter(None, [f"{what}: {rows}", hint(row["text"]) if hint else ""])),
        )  # fmt: skip
    for number in dict.fromkeys(row["_source"] for row in found if row["texts"] > _LISTED):
        more = next(row["texts"] for row in found if row["_source"] == number) - _LISTED
        flat.intake.reject(
            source=flat.names[number], location="", table_name="adjustments", action="noted", severity="warning",
            reason=f"{what}: {more:,} more texts",
        )  # fmt: skip
