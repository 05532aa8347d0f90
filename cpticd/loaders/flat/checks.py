"""What flat rows lack, or hold beyond reason: loaded all the same, and noted once for each kind."""

from __future__ import annotations

from datetime import date

from cpticd.loaders.flat.rows import Flat
from cpticd.loaders.staging import UNIT

_SERVICE_DATES = ("claim_line_start_date", "claim_line_end_date", "claim_start_date", "claim_end_date")
#: Before it no electronic claim was sent: an older date is a slip of the century or a system's zero.
_FIRST = "1990-01-01"


def note(flat: Flat) -> None:
    """Tally the rows of ``flat`` that analyses by date or by procedure will miss or misplace."""
    rows = "SELECT _source, _place, claim_id AS content FROM flat WHERE"
    flat.tally(
        "no date of service", f"{rows} coalesce(claim_line_start_date, claim_start_date) IS NULL", table=UNIT
    )
    flat.tally(
        "no procedure code and no revenue code",
        f"{rows} hcpcs_code IS NULL AND revenue_center_code IS NULL",
        table=UNIT,
    )
    today = date.today().isoformat()
    dated = "SELECT _source, _place, {0} AS content FROM flat WHERE {0} {1}"
    for column in filter(flat.has, _SERVICE_DATES):
        flat.tally(f"{column}: before 1990", dated.format(column, f"< DATE '{_FIRST}'"), table=UNIT)
        flat.tally(
            f"{column}: after the day of reading", dated.format(column, f"> DATE '{today}'"), table=UNIT
        )
    if flat.has("payer"):
        # They stay apart: whether they are one payer, only who knows the contracts can say.
        alike = (
            "SELECT lower(payer) AS name, string_agg(DISTINCT payer, ' | ' ORDER BY payer) AS content "
            "FROM flat GROUP BY ALL HAVING count(DISTINCT payer) > 1"
        )
        flat.tally(
            "payer: names that differ in capitals alone are kept apart",
            f"SELECT f._source, f._place, a.content FROM flat f JOIN ({alike}) a ON a.name = lower(f.payer)",
            table=UNIT, tell=True,
        )  # fmt: skip
