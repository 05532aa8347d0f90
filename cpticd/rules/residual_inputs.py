"""What ``residual`` reads: services by day, which of their denials no rule explains, clusters with enough of these."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
import pyarrow as pa

from cpticd import sql
from cpticd.core.session import Session

Day = Literal["service", "adjudication"]

KEYS: Final = ("payer", "hcpcs_code", "diagnosis_family", "carc")
#: The family of a cluster that is the procedure as a whole.
ANY: Final = "(any)"
#: The day of a line, by what it is asked by.
DAYS: Final = {"service": "o.service_date", "adjudication": "o.first_paid_date"}
#: Services that the payer's overall rate weighs beside a quarter's own: small quarters are not taken at their word.
PRIOR_SERVICES: Final = 10


def prepare(s: Session, table: pa.Table, *, date: Day, characters: int) -> dict[str, int]:
    """Relations ``residual_*`` over those of ``outcomes.load``; what they count."""
    s.load("residual_related", table.select(["rule", "category"]))
    for name, parts in (
        ("explained", {}),
        ("lines", {"day": DAYS[date]}),
        ("services", {}),
        ("members", {"characters": int(characters), "any": ANY}),
        ("denied", {}),
        ("drift", {"prior": PRIOR_SERVICES}),
    ):
        s.create(f"residual_{name}", sql.text(f"rules/residual_{name}"), **parts)
    (counts,) = s.rows(sql.text("rules/residual_counts"))
    return counts


def cells(s: Session, min_denied: int) -> pd.DataFrame:
    """One row per cluster with enough denials and day: its keys, services, denied, odds (the payer's)."""
    s.create("residual_clusters", sql.text("rules/residual_clusters"), min_denied=int(min_denied))
    return s.frame(sql.text("rules/residual_cells"))


def services(s: Session, clusters: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster and service of it: service, day, person_id, odds, denied, category, lines, amount."""
    schema = pa.schema([(name, pa.string()) for name in KEYS])
    s.load("residual_promising", pa.Table.from_pandas(clusters, schema=schema, preserve_index=False))
    return s.frame(sql.text("rules/residual_services_of"))


def elsewhere(s: Session, chosen: list[tuple[tuple[Any, ...], pd.Timestamp]]) -> pd.DataFrame:
    """One row per cluster (keys and start), in order: other payers' services since then, and those denied so."""
    columns = {name: [key[i] for key, _ in chosen] for i, name in enumerate(KEYS)}
    _load(s, columns, start_date=pa.array([start.date() for _, start in chosen], pa.date32()))
    return s.frame(sql.text("rules/residual_elsewhere"))


def periods(s: Session, clusters: pd.DataFrame, period: str) -> pd.DataFrame:
    """One row per cluster, by its number, and period: services and denied, the payer's and elsewhere."""
    _load(s, {name: clusters[name].astype(str).tolist() for name in KEYS})
    return s.frame(sql.text("rules/residual_periods"), period=period)


def _load(s: Session, columns: dict[str, list[Any]], **more: pa.Array) -> None:
    """Relation ``residual_chosen``: clusters by number and keys."""
    number = pa.array(range(len(columns[KEYS[0]])), pa.int32())
    keys = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    s.load("residual_chosen", pa.table({"number": number, **keys, **more}))
