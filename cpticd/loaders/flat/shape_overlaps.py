"""Files that overlap, as exports of months do: a row that two of them have is one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpticd import sql
from cpticd.loaders.staging import UNIT

if TYPE_CHECKING:
    from cpticd.loaders.flat.rows import Flat


def reject(flat: Flat) -> None:
    """Reject rows that stand in an earlier file (by name) as often: copies, whether lines have numbers or not."""
    if len(flat.names) < 2:
        return
    own = [f'"{name}"' for name in flat.kept.values()]
    flat.intake.execute(
        sql.text("flat/overlaps").format(
            whole=flat.whole(), kept="".join(f"{name}, " for name in own),
            order="".join(f"w.{name} NULLS LAST, " for name in own),
        )
    )  # fmt: skip
    counts = flat.intake.records(
        "SELECT _source, source AS other, count(*) AS n, min(_place) AS first FROM flat_overlaps "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )
    for row in counts:
        flat.intake.reject(
            source=flat.names[row["_source"]], location=f"{flat.words[row['_source']]} {row['first']}",
            table_name=UNIT, action="noted", content=flat.names[row["other"]],
            reason=f"rows that {flat.names[row['other']]} has too, loaded once: {row['n']:,}",
        )  # fmt: skip
        flat.told.append(
            f"{flat.names[row['_source']]}: {row['n']:,} rows stand in {flat.names[row['other']]} too: loaded once"
        )
    if counts:
        flat.reject(
            f"SELECT o._source, o._place, 'the whole row repeats ' || {flat.location('h.')} || ' of ' || "
            f"{flat.source_name('h.')} AS reason FROM flat_overlaps o "
            "JOIN (SELECT source AS _source, place AS _place FROM flat_overlaps GROUP BY ALL) h "
            "ON h._source = o.source AND h._place = o.place"
        )
    flat.intake.execute("DROP TABLE flat_overlaps")
