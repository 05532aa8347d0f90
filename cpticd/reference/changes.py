"""What changed between two releases: rows that were added, retired and revised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cpticd.reference.manifest import Release, load

if TYPE_CHECKING:
    import pandas as pd


def changes(root: Path, entry: Release, before: Release | None, key: Sequence[str]) -> pd.DataFrame:
    """Added, retired and revised rows, by SQL over the two tables, so that millions of rows fit."""
    import duckdb
    import pandas as pd

    found = pd.DataFrame(columns=["change", *key, "column", "before", "after"], dtype="str")
    if before is not None:
        new, old = load(root, entry), load(root, before)
        others = [c for c in new.column_names if c not in (*key, "part") and c in old.column_names]
        with duckdb.connect() as connection:
            connection.register("n", new)
            connection.register("o", old)
            found = connection.execute(_comparison(key, others)).df()
    numbers = found["change"].value_counts()
    found.attrs = {
        "kind": entry.kind,
        "setting": entry.setting,
        "release": entry.release,
        "effective_from": entry.effective_from,
        "against": before.release if before else "",
        "rows": entry.rows,
        **{change: int(numbers.get(change, 0)) for change in ("added", "retired", "revised")},
    }
    return found


def _comparison(key: Sequence[str], others: Sequence[str]) -> str:
    """SQL over the new rows n and the old rows o; all names are those of the layout."""
    join = " AND ".join(f'n."{c}" IS NOT DISTINCT FROM o."{c}"' for c in key)
    new, old = (", ".join(f'{side}."{c}"' for c in key) for side in "no")
    parts = [
        f"SELECT 'added' AS change, {new}, '' AS \"column\", '' AS before, '' AS after FROM n ANTI JOIN o ON {join}",
        f"SELECT 'retired', {old}, '', '', '' FROM o ANTI JOIN n ON {join}",
    ]
    sides = ", ".join(f'{side}."{c}" AS "{side}_{c}"' for side in "no" for c in others)
    differ = " OR ".join(f'n."{c}" IS DISTINCT FROM o."{c}"' for c in others) or "false"
    both = f"SELECT {', '.join([new, *filter(None, [sides])])} FROM n JOIN o ON {join} WHERE {differ}"
    plain = ", ".join(f'"{c}"' for c in key)
    parts += [
        f"SELECT 'revised', {plain}, '{c}', coalesce(CAST(\"o_{c}\" AS VARCHAR), ''), "
        f'coalesce(CAST("n_{c}" AS VARCHAR), \'\') FROM both_sides WHERE "n_{c}" IS DISTINCT FROM "o_{c}"'
        for c in others
    ]
    order = ", ".join(["change", *(f'"{c}"' for c in key), '"column"'])
    return f"WITH both_sides AS MATERIALIZED ({both}) SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY {order}"
