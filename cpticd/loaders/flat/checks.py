"""What flat rows lack, or hold beyond reason: loaded all the same, and noted once for each kind."""

from __future__ import annotations

from datetime import date

from cpticd.loaders.flat.rows import Flat
from cpticd.loaders.staging import UNIT

_SERVICE_DATES = ("claim_line_start_date", "claim_line_end_date", "claim_start_date", "claim_end_date")
#: Before it no electronic claim was sent: an older date is a slip of the century or a system's zero.
_FIRST = "1990-01-01"
#: No claim spans more days.
_APART = 366


def note(flat: Flat) -> None:
    """Tally the rows of ``flat`` that analyses by date or by procedure will miss or misplace."""
    tests = {
        "no date of service": ("claim_id", "coalesce(claim_line_start_date, claim_start_date) IS NULL"),
        "no procedure code and no revenue code": (
            "claim_id", "hcpcs_code IS NULL AND revenue_center_code IS NULL",
        ),
    }  # fmt: skip
    today = date.today().isoformat()
    for column in filter(flat.has, _SERVICE_DATES):
        tests[f"{column}: before 1990"] = (column, f"{column} < DATE '{_FIRST}'")
        tests[f"{column}: after the day of reading"] = (column, f"{column} > DATE '{today}'")
    flat.tally_where(tests, table=UNIT)
    _amounts(flat)
    if flat.has("payer"):
        # They stay apart: whether they are one payer, only who knows the contracts can say.
        alike = (
            "SELECT lower(payer) AS name, string_agg(DISTINCT payer, ' | ' ORDER BY payer) AS content "
            "FROM flat GROUP BY ALL HAVING count(DISTINCT payer) > 1"
        )
        names = "SELECT 1 FROM flat HAVING count(DISTINCT payer) > count(DISTINCT lower(payer))"
        if not flat.any(names):
            return
        flat.tally(
            "payer: names that differ in capitals alone are kept apart",
            f"SELECT f._source, f._place, a.content FROM flat f JOIN ({alike}) a ON a.name = lower(f.payer)",
            table=UNIT, tell=True,
        )  # fmt: skip


def _amounts(flat: Flat) -> None:
    """Payments that cannot be right as they stand, and a number that more than one claim may have."""
    tests = {}
    if flat.has("paid_amount") and flat.has("charge_amount"):
        tests["paid more than was charged"] = (
            "concat(claim_id, ': ', paid_amount, ' of ', charge_amount)",
            "paid_amount > charge_amount AND charge_amount > 0",
        )
    day = "coalesce(claim_line_start_date, claim_start_date)"
    if flat.has("paid_date"):
        tests["paid before the service"] = (
            f"concat(claim_id, ': ', paid_date, ' before ', {day})", f"paid_date < {day}",
        )  # fmt: skip
    flat.tally_where(tests, table=UNIT, and_where="_head IS NULL")
    flat.tally(
        f"services of one claim number more than {_APART} days apart: it may be the number of an account, or stand for "
        "several claims",
        f"SELECT _source, min(_place) AS _place, claim_id AS content FROM flat GROUP BY _source, claim_id "
        f"HAVING max({day}) - min({day}) > {_APART}",
        table=UNIT,
    )
