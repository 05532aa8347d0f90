"""Build data/reference/diagnosis_traits.parquet: what each diagnosis code says and leaves open.

    python data/build_diagnosis_traits.py

Reads icd10cm.parquet, icd10cm_changes.csv and icd10cm_releases.csv beside it. Each release is judged by its own
list; of a code that several releases have, the last one in which it was billable counts.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cpticd import reference
from cpticd.reference import traits

TARGET = Path(__file__).resolve().parent / "reference"


def releases() -> dict[str, pd.DataFrame]:
    """Each release of which there are titles, in their order: code, billable, title of every code."""
    titled = pc.unique(reference.table("icd10cm_changes")["first_release"]).to_pylist()
    order = [name for name in reference.table("icd10cm_releases")["release"].to_pylist() if name in titled]
    now = reference.table("icd10cm").to_pandas()
    now = now.loc[now["kind"] == "code", ["code", "billable", "title"]]
    changes = reference.table("icd10cm_changes").to_pandas()
    always = now[~now["code"].isin(changes["code"])]
    first, last = (changes[column].map(order.index) for column in ("first_release", "last_release"))
    return {
        name: pd.concat([always, changes.loc[(first <= place) & (place <= last), always.columns]])
        for place, name in enumerate(order)
    }


def table() -> pa.Table:
    """One row per code: the last release in which it was billable, else the last that has it."""
    rows = pd.concat([traits.derive(codes) for codes in releases().values()], ignore_index=True)
    rows = rows.sort_values("billable", kind="stable").drop_duplicates("diagnosis_code", keep="last")
    return pa.Table.from_pandas(rows.sort_values("diagnosis_code"), preserve_index=False, schema=schema(rows))


def schema(rows: pd.DataFrame) -> pa.Schema:
    kinds = {"bool": pa.bool_(), "int32": pa.int32()}
    return pa.schema([(name, kinds.get(str(kind), pa.string())) for name, kind in rows.dtypes.items()])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", nargs="?", type=Path, default=TARGET)
    file = parser.parse_args().target / "diagnosis_traits.parquet"
    pq.write_table(table(), file, compression="zstd", compression_level=19)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes, sha256 {digest}\n")


if __name__ == "__main__":
    main()
