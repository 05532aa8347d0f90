"""What makes tables that are given apart a whole: claims of their lines, adjudications of their payments."""

from __future__ import annotations

from collections.abc import Mapping

from cpticd.loaders.intake import Intake


def complete(intake: Intake, sources: Mapping[int, str]) -> None:
    """Claims of lines, and adjudications of payments, that no row describes; what is left apart is noted."""
    cases = " ".join(f"WHEN {n} THEN '{name.replace(chr(39), chr(39) * 2)}'" for n, name in sources.items())
    _made(
        intake, sources, "claims", "lines of a claim that no row of claims describes: the claim was made "
                                   "from them",
        f"""
        SELECT l.claim_id, min(CASE l._source {cases} END) AS data_source,
            min(l.claim_line_start_date) AS claim_start_date,
               CASE WHEN bool_or(l.revenue_center_code IS NOT NULL) THEN 'institutional'
                   ELSE 'professional' END AS claim_type,
               coalesce(max(l.claim_line_end_date), max(l.claim_line_start_date)) AS claim_end_date,
               min(l.place_of_service_code) AS place_of_service_code,
               sum(l.charge_amount) AS charge_amount, min(l._source) AS _source
        FROM lines l ANTI JOIN claims c ON c.claim_id = l.claim_id GROUP BY l.claim_id
        """,
    )  # fmt: skip
    _made(
        intake, sources, "adjudications", "payments of an adjudication that no row describes: it was made "
                                          "from them",
        """
        SELECT p.claim_id, p.adjudication_number, sum(p.charge_amount) AS charge_amount,
            sum(p.paid_amount) AS paid_amount,
               min(p._source) AS _source
        FROM (
            SELECT claim_id, adjudication_number, charge_amount, paid_amount, _source FROM line_payments
            UNION ALL SELECT claim_id, adjudication_number, NULL, NULL, _source FROM adjustments
            UNION ALL SELECT claim_id, adjudication_number, NULL, NULL, _source FROM remarks
        ) p
        ANTI JOIN adjudications a ON a.claim_id = p.claim_id AND a.adjudication_number = p.adjudication_number
        GROUP BY p.claim_id, p.adjudication_number
        """,
    )  # fmt: skip
    for table, parent, key in (
        ("adjudications", "claims", ("claim_id",)),
        ("line_payments", "lines", ("claim_id", "claim_line_number")),
        ("attributes", "claims", ("claim_id",)),
    ):
        same = " AND ".join(f"p.{name} = t.{name}" for name in key)
        _note(
            intake, sources, table, f"rows whose {' and '.join(key)} no row of {parent} has: loaded",
            f"SELECT t._source, t.claim_id FROM {table} t ANTI JOIN {intake.every(parent)} p ON {same}",
        )  # fmt: skip


def _made(intake: Intake, sources: Mapping[int, str], table: str, reason: str, select: str) -> None:
    _note(intake, sources, table, reason, f"SELECT _source, claim_id FROM ({select})")
    intake.insert(table, select)


def _note(intake: Intake, sources: Mapping[int, str], table: str, reason: str, select: str) -> None:
    rows = intake.query(
        f"SELECT _source, count(*) AS n, min(claim_id) AS one FROM ({select}) GROUP BY 1 ORDER BY 1"
    )
    for row in rows.to_pylist():
        intake.reject(
            source=sources[row["_source"]], location="", table_name=table, action="noted",
            reason=f"{reason}: {row['n']:,}", content=f"claim_id {row['one']}",
        )  # fmt: skip
