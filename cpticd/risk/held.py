"""Each person's HCCs before hierarchies, worked out on arrays: what two frames say needs no join of text with text.

The statement ``risk/held`` says the same of claims, on every engine; here persons and codes are numbers, and the HCCs
of a person and block one small mask in an array of all of them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd.risk.hierarchies import BLOCK
from cpticd.risk.numbering import Ints, numbered

#: Diagnoses that are looked at together: what lies between a row and its mask is kept small.
_TOGETHER: Final = 1 << 20
Masks = np.ndarray[Any, np.dtype[np.uint16]]


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array, which it mostly is already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def masks(
    people: pa.Table, given: pa.Array, codes: pa.DictionaryArray, mapped: pa.Table, blocks: int
) -> tuple[pa.Table, int]:
    """``held``, as ``risk/held`` makes it, in order of persons; and how often a diagnosis met its person.

    ``people``: the relation ``scored``; ``given``, ``codes``: person and code of each diagnosis; ``mapped``: of the
    relation of that name, its diagnosis_code being the number of the code among the dictionary's.
    """
    facts = _facts(people)
    found = np.zeros((people.num_rows, blocks), dtype=np.uint16)
    layers = _layers(mapped.to_pandas(), len(codes.dictionary))
    met = 0
    persons = numbered(given, one_array(people.column("person_id")))
    for start in range(0, len(given), _TOGETHER):
        person = persons[start : start + _TOGETHER]
        code = pc.fill_null(codes.indices.slice(start, _TOGETHER), len(codes.dictionary)).to_numpy()
        for layer in layers:
            met += _laid(found, layer, person, code, facts)
    found[people.column("without_hccs").to_numpy()] = 0
    place = np.flatnonzero(found)
    person = place // blocks
    base = people.column("segment_key").to_numpy()[person] + (place % blocks) * BLOCK
    held = {"person": pa.array(person + 1, pa.int32()), "base": pa.array(base, pa.int32())}
    return pa.table({**held, "mask": pa.array(found.reshape(-1)[place].astype(np.int32))}), met


def _facts(people: pa.Table) -> tuple[Ints, Ints]:
    """Age of each person, and his sex as a number: 1 female, 2 male."""
    female = pc.equal(people.column("sex"), "female").to_numpy()
    return people.column("age").to_numpy(), np.where(female, 1, 2)


def _layers(mapped: pd.DataFrame, codes: int) -> list[dict[str, Any]]:
    """For the first, second, … HCC of every code: which, and for whom; the last place is that of no code."""
    mapped["sex"] = mapped["sex"].map({"": 0, "female": 1, "male": 2}).astype("int64")
    rank = mapped.groupby("diagnosis_code").cumcount()
    layers = []
    for _, rows in mapped.groupby(rank):
        layer: dict[str, Any] = {"there": np.zeros(codes + 1, dtype=bool)}
        layer["there"][rows["diagnosis_code"]] = True
        for name in ("block", "bit", "sex", "age_from", "age_to"):
            layer[name] = np.zeros(codes + 1, dtype=np.uint16 if name == "bit" else np.int64)
            layer[name][rows["diagnosis_code"]] = rows[name]
        layers.append(layer)
    return layers


def _laid(found: Masks, layer: dict[str, Any], person: Ints, code: Ints, facts: tuple[Ints, Ints]) -> int:
    """Put the HCCs of one layer into the masks; how many diagnoses met their person."""
    met = layer["there"][code] & (person >= 0)
    who, what = person[met].astype(np.int64), code[met]
    age, sex = facts[0][who], layer["sex"][what]
    fits = (age >= layer["age_from"][what]) & (age <= layer["age_to"][what])
    fits &= (sex == 0) | (sex == facts[1][who])
    place = who * found.shape[1] + layer["block"][what]
    np.bitwise_or.at(found.reshape(-1), place[fits], layer["bit"][what][fits])
    return len(who)
