"""The model of a data set: relations derived from its tables, by statements of cpticd.sql and families of codes."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd import codes, sql
from cpticd.core.engine import Engine
from cpticd.core.frames import to_frame

#: Code -> family, by cpticd.codes and not by SQL.
FAMILIES: Final = ("procedure_families", "diagnosis_families")


def derive(engine: Engine, *, progress: bool = False) -> None:
    """Define every relation of the model over an engine's tables."""
    from tqdm.auto import tqdm

    for name, computed in tqdm(
        sql.LINES.items(), desc="deriving", delay=2, leave=False, disable=not progress
    ):
        engine.create(name, sql.text(name), materialize=computed)
    _derive_families(engine)
    derive_pairs(engine, progress=progress)


def derive_pairs(engine: Engine, *, progress: bool = False) -> None:
    """Add up the relations of pairs."""
    from tqdm.auto import tqdm

    for name in tqdm(sql.PAIRS, desc="adding up pairs", delay=2, leave=False, disable=not progress):
        engine.create(name, sql.relation(name), materialize=True)
    for name in sql.PASSING:
        engine.drop(name)


def _derive_families(engine: Engine) -> None:
    """Tables of every code in the data with its family: procedure section, diagnosis chapter."""
    found = to_frame(
        engine.fetch("SELECT DISTINCT hcpcs_code AS code FROM lines WHERE hcpcs_code IS NOT NULL")
    )
    families = codes.procedure_family(found["code"])
    engine.load("procedure_families", _family_table("hcpcs", found["code"], families))
    found = to_frame(
        engine.fetch(
            "SELECT diagnosis_code AS code, min(diagnosis_code_type) AS code_type "
            "FROM diagnoses GROUP BY diagnosis_code"
        )
    )
    kinds = found["code_type"].fillna("diagnosis")
    families = codes.diagnosis_family(found["code"], code_type=kinds)
    engine.load("diagnosis_families", _family_table("diagnosis", found["code"], families))


def _family_table(what: str, code: pd.Series, family: pd.Series) -> pa.Table:
    return pa.table(
        {
            f"{what}_code": pa.array(code.tolist(), pa.string()),
            f"{what}_family": pa.array(family.tolist(), pa.string()),
        }
    )
