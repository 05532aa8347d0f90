"""837 transaction sets of claims: one per day of receipt."""

from __future__ import annotations

from collections.abc import Iterator

from cpticd.simulation.elements import (
    ADDRESS,
    NO_DAY,
    RECEIVER,
    SENDER,
    Extract,
    Follower,
    Row,
    adjustment_segments,
    claim_number,
    clean,
    composite,
    filing,
    organization,
    patient,
    period,
    segment,
    service,
    service_number,
)

#: Qualifiers of the first and of other diagnoses, and of the principal and of other procedures.
_DIAGNOSIS = {"icd-9-cm": ("BK", "BF")}
_PROCEDURE = {"icd-9-pcs": ("BR", "BQ")}
#: The order of a payer, by its number.
_ORDER = {"": "P", "1": "P", "2": "S", "3": "T"}


def claim_sets(extract: Extract, kind: str) -> Iterator[tuple[str, list[str]]]:
    """(day, segments) of every transaction set of ``kind`` professional or institutional claims."""
    sets: dict[str, list[tuple[str, str, list[str]]]] = {}
    names = ("lines", "diagnoses", "pointers", "procedures", "adjudications", "line_payments", "adjustments")
    tables = {name: Follower(extract.by_claim(name, kind)) for name in names}
    institutional = kind == "institutional"
    sexes = {"female": "F", "male": "M"}
    members = {
        row["person_id"]: (row["birth_date"], sexes.get(row["sex"], "U")) for row in extract.rows("members")
    }
    for claim, rows in extract.by_claim("claims", kind):
        head = rows[0]
        found = {name: table(claim) for name, table in tables.items()}
        day = head["received_date"] or head["claim_end_date"] or head["claim_start_date"] or NO_DAY
        segments = [
            *_subscriber(head, *members.get(head["person_id"], ("", "U")), institutional),
            *_claim(head, found, institutional),
        ]
        sets.setdefault(day, []).append((head["billing_npi"], claim, segments))
    for number, day in enumerate(sorted(sets), start=1):
        yield day, _set(number, day, sorted(sets[day], key=lambda item: item[:2]))


def _set(number: int, day: str, claims: list[tuple[str, str, list[str]]]) -> list[str]:
    """Segments of one transaction set: billing providers, and under each the claims."""
    segments = [
        f"BHT*0019*00*{number:06d}*{day}*0000*CH",
        organization("41", "SIMULATED SUBMITTER", "46", SENDER),
        "PER*IC*SIMULATION*TE*5555550100",
        organization("40", "SIMULATED CLEARINGHOUSE", "46", RECEIVER),
    ]
    level = parent = 0
    provider: str | None = None
    for npi, _, body in claims:
        if npi != provider:
            provider = npi
            level += 1
            parent = level
            segments += [f"HL*{level}**20*1", *_billing(npi)]
        level += 1
        segments.append(f"HL*{level}*{parent}*22*0")
        segments += body
    return segments


def _billing(npi: str) -> list[str]:
    if not npi:
        return ["NM1*85*2*SIMULATED PROVIDER", *ADDRESS, "REF*EI*999999999"]
    return [organization("85", f"PROVIDER {npi}", "XX", npi), *ADDRESS, "REF*EI*999999999"]


def _subscriber(head: Row, birth: str, sex: str, institutional: bool) -> list[str]:
    order = _ORDER.get(head["payer_sequence"], "U")
    segments = [
        f"SBR*{order}*18*******{filing(head['payer_kind'], institutional)}",
        patient(head["person_id"], "IL"),
        *ADDRESS,
    ]
    if birth or sex != "U":
        segments.append(segment("DMG", "D8", birth, sex))
    return [*segments, organization("PR", head["payer"], "PI", head["payer_id"] or head["payer"])]


def _claim(head: Row, found: dict[str, list[Row]], institutional: bool) -> list[str]:
    frequency = head["frequency_code"] or "1"
    start, end = head["claim_start_date"], head["claim_end_date"]
    if institutional:
        place = composite(head["bill_type_code"][:2], "A", head["bill_type_code"][2:3] or frequency)
        segments = [
            segment("CLM", claim_number(head), head["charge_amount"], "", "", place, "", "A", "Y", "Y")
        ]
        if start:
            segments.append(f"DTP*434*RD8*{start}-{end or start}")
        if head["bill_type_code"].startswith("11"):
            segments += [f"DTP*435*D8*{start}", "CL1*1*1*01"]
    else:
        place = composite(head["place_of_service_code"], "B", frequency)
        segments = [
            segment("CLM", claim_number(head), head["charge_amount"], "", "", place, "Y", "A", "Y", "Y")
        ]
    if head["original_payer_claim_id"]:
        segments.append(segment("REF", "F8", clean(head["original_payer_claim_id"])))
    segments += _diagnoses(found["diagnoses"], institutional)
    segments += _procedures(found["procedures"])
    segments += _other_payers(head, found, institutional)
    pointers: dict[str, list[str]] = {}
    for row in found["pointers"]:
        pointers.setdefault(row["claim_line_number"], []).append(row["diagnosis_position"])
    for number, line in enumerate(found["lines"], start=1):
        segments.append(f"LX*{number}")
        if institutional:
            segments.append(_hospital_line(line))
        else:
            segments.append(_line(line, head, pointers.get(line["claim_line_number"], [])))
        if line["claim_line_start_date"]:
            kind, value = period(line["claim_line_start_date"], line["claim_line_end_date"])
            segments.append(f"DTP*472*{kind}*{value}")
        segments.append(f"REF*6R*{line['claim_line_number']}")
        if line["rendering_npi"]:
            segments.append(f"NM1*82*1*DOCTOR*SIMULATED****XX*{clean(line['rendering_npi'])}")
        segments += _decided_line(line["claim_line_number"], found)
    return segments


def _reported(found: dict[str, list[Row]]) -> list[Row]:
    """Decisions of other payers that a claim reports."""
    return [row for row in found["adjudications"] if row["is_reported"] == "true"]


def _other_payers(head: Row, found: dict[str, list[Row]], institutional: bool) -> list[str]:
    """Loops 2320 and 2330: other payers, and what each decided of the claim as a whole."""
    segments = []
    for row in _reported(found):
        order = _ORDER.get(row["payer_sequence"], "U")
        own = [item for item in _of(row, found["adjustments"]) if not service_number(item)]
        segments += [
            f"SBR*{order}*18*******{filing(row['payer_kind'], institutional)}",
            *adjustment_segments(own),
            segment("AMT", "D", row["paid_amount"]),
            "OI***Y***Y",
            patient(head["person_id"], "IL"),
            organization("PR", row["payer"], "PI", row["payer_id"] or row["payer"]),
        ]
        if row["paid_date"] and not _of(row, found["line_payments"]):
            segments.append(f"DTP*573*D8*{row['paid_date']}")
    return segments


def _decided_line(number: str, found: dict[str, list[Row]]) -> list[str]:
    """Loops 2430: what other payers decided of a line."""
    segments = []
    for row in _reported(found):
        payer = clean(row["payer_id"] or row["payer"])
        for item in _of(row, found["line_payments"]):
            if item["claim_line_number"] != number:
                continue
            done = service(item, item["hcpcs_code"]) or "HC"
            units, revenue = item["service_unit_quantity"], item["revenue_center_code"]
            segments.append(segment("SVD", payer, item["paid_amount"], done, revenue, units))
            own = _of(row, found["adjustments"])
            own = [other for other in own if service_number(other) == service_number(item)]
            segments += adjustment_segments(own)
            segments += [f"DTP*573*D8*{row['paid_date']}"] if row["paid_date"] else []
    return segments


def _of(row: Row, rows: list[Row]) -> list[Row]:
    """Rows of an adjudication."""
    return [item for item in rows if item["adjudication_number"] == row["adjudication_number"]]


def _diagnoses(rows: list[Row], institutional: bool) -> list[str]:
    """HI segments: twelve diagnoses each; an institutional principal one stands alone."""
    composites = []
    for i, row in enumerate(rows):
        qualifier = _DIAGNOSIS.get(row["diagnosis_code_type"], ("ABK", "ABF"))[min(i, 1)]
        parts = [qualifier, row["diagnosis_code"], "", "", "", "", "", "", row["present_on_admission_code"]]
        composites.append(composite(*parts))
    first = composites[: 1 if institutional else 12]
    rest = composites[len(first) :]
    blocks = [first, *(rest[i : i + 12] for i in range(0, len(rest), 12))]
    return [segment("HI", *block) for block in blocks if block]


def _procedures(rows: list[Row]) -> list[str]:
    found = []
    for i, row in enumerate(rows):
        qualifier = _PROCEDURE.get(row["procedure_code_type"], ("BBR", "BBQ"))[min(i, 1)]
        when = ["D8", row["procedure_date"]] if row["procedure_date"] else []
        found.append(composite(qualifier, row["procedure_code"], *when))
    return [segment("HI", *found[:1]), *([segment("HI", *found[1:])] if found[1:] else [])] if found else []


def _line(line: Row, head: Row, pointers: list[str]) -> str:
    place = line["place_of_service_code"]
    place = "" if place == head["place_of_service_code"] else place
    return segment(
        "SV1",
        service(line, line["hcpcs_code"]) or "HC",
        line["charge_amount"],
        "UN",
        line["service_unit_quantity"],
        place,
        "",
        composite(*pointers),
    )


def _hospital_line(line: Row) -> str:
    unit = "DA" if line["revenue_center_code"].startswith("01") else "UN"
    return segment(
        "SV2",
        line["revenue_center_code"],
        service(line, line["hcpcs_code"]),
        line["charge_amount"],
        unit,
        line["service_unit_quantity"],
    )
