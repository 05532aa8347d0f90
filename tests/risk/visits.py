"""Claims of a few persons, written as text: one line per visit."""

from __future__ import annotations

import pandas as pd

from cpticd.claims import Claims
from cpticd.loaders.intake import Intake
from tests.spec import frame


def claims_of_visits(
    visits: str,
    *,
    members: str = "",
    years: tuple[int, ...] = (2024, 2025),
    observations: str = "",
    drugs: str = "",
) -> Claims:
    """Claims of lines ``person | date | place | diagnoses | procedures``, one claim each, V1, V2, … in order.

    Everybody who is named is a member of ``years``, a woman born in 1950, unless ``members`` (person_id | year |
    birth_date | sex | death_date, or columns of its own) says otherwise. A place of three characters is a bill type;
    a modifier follows its procedure after a hyphen. ``observations`` are lines ``person | date | code | value | unit``
    of LOINC (a bound before the value), ``drugs`` lines ``person | date | ndc``.
    """
    rows = frame("person | date | place | diagnoses | procedures\n" + visits).to_dict("records")
    tables: dict[str, list[dict[str, object]]] = {
        name: [] for name in ("claims", "lines", "diagnoses", "members")
    }
    for number, row in enumerate(rows, start=1):
        claim = f"V{number}"
        place = str(row["place"])
        institutional = len(place) == 3
        tables["claims"].append(
            {
                "claim_id": claim,
                "claim_type": "institutional" if institutional else "professional",
                "person_id": row["person"],
                "place_of_service_code": None if institutional else place,
                "bill_type_code": place if institutional else None,
                "claim_start_date": row["date"],
                "claim_end_date": row["date"],
            }
        )
        for position, code in enumerate(_words(row["diagnoses"]), start=1):
            tables["diagnoses"].append(
                {"claim_id": claim, "diagnosis_position": position, "diagnosis_code": code}
            )
        for position, word in enumerate(_words(row["procedures"]), start=1):
            code, _, modifier = word.partition("-")
            line = {"claim_id": claim, "claim_line_number": position, "hcpcs_code": code}
            line |= {"hcpcs_modifier_1": modifier or None}
            tables["lines"].append(line | {"claim_line_start_date": row["date"]})
    if members:
        heading = "" if "person_id" in members else "person_id | year | birth_date | sex | death_date\n"
        tables["members"] = frame(heading + members).to_dict("records")
    else:
        tables["members"] = [
            {"person_id": person, "year": year, "birth_date": "1950-06-01", "sex": "female"}
            for person in dict.fromkeys(row["person"] for row in rows)
            for year in years
        ]
    tables["observations"] = [
        _observed(row) for row in _rows("person | date | code | value | unit", observations)
    ]
    tables["drugs"] = [
        {
            "fill_id": f"F{number}",
            "person_id": row["person"],
            "fill_date": row["date"],
            "ndc_code": row["ndc"],
        }
        for number, row in enumerate(_rows("person | date | ndc", drugs), start=1)
    ]
    intake = Intake()
    for name, found in tables.items():
        if found:
            intake.add(name, pd.DataFrame(found), source="visits")
    return intake.claims()


def _words(cell: object) -> list[str]:
    return str(cell).split() if pd.notna(cell) else []


def _rows(heading: str, text: str) -> list[dict[str, object]]:
    return frame(f"{heading}\n{text}").to_dict("records") if text.strip() else []


def _observed(row: dict[str, object]) -> dict[str, object]:
    words = _words(row["value"])
    unit = row["unit"] if pd.notna(row["unit"]) else None
    return {
        "person_id": row["person"], "observation_date": row["date"], "code_system": "loinc", "code": row["code"],
        "value": words[-1], "comparator": words[0] if len(words) > 1 else None, "unit": unit,
    }  # fmt: skip
