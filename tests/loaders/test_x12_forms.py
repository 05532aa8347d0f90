"""Forms that files in the field take: separators, envelopes, encodings, segments where they are and are not expected."""

from __future__ import annotations

from pathlib import Path

from tests.loaders.x12_text import (
    ISA,
    PLAIN,
    another,
    claim,
    interchange,
    load,
    paid_claim,
    problems,
    professional,
    remittance,
    show,
    subscriber,
)


def respell(text: str, element: str, component: str, terminator: str) -> bytes:
    """The same text with other separators, put where ISA says they are."""
    table = str.maketrans({"*": "\x01", ":": "\x02", "~": "\x03"})
    marks = {"\x01": element, "\x02": component, "\x03": terminator}
    if "^" in (element, component, terminator):
        text = text.replace("*^*", "*U*")  # the repetition separator of ISA11
    for mark, real in marks.items():
        text = text.translate(table).replace(mark, real)
    return text.encode()


SEPARATORS = [
    "* : ~", "* : ~,LF", "* : ~,CR,LF", "* : LF", "* : CR,LF", "* : CR", "| > '", "GS US RS", "^ < FS", "* | ~", "§ ¦ ¶", "+ : LF",
]  # fmt: skip
NAMES = {"LF": "\n", "CR": "\r", "FS": "\x1c", "GS": "\x1d", "RS": "\x1e", "US": "\x1f", ",": ""}


def test_any_separators(tmp_path: Path) -> None:
    def spelled(number: int, marks: str) -> bytes:
        for name, mark in NAMES.items():
            marks = marks.replace(name, mark)
        return respell(another(number), *marks.split(" "))

    claims = load(tmp_path, *(spelled(i, marks) for i, marks in enumerate(SEPARATORS)))
    columns = "data_source payer person_id place_of_service_code charge_amount"
    expected = sorted(f"f{i}.edi PAYER ONE M{i} 11 100.00" for i in range(len(SEPARATORS)))
    assert sorted(show(claims.table("claims"), columns)) == expected
    pointers = claims.table("pointers")
    assert show(pointers, "claim_line_number pointer_position diagnosis_position") == [
        "1 1 1",
        "1 2 2",
    ] * len(SEPARATORS)
    assert problems(claims).empty


def test_what_does_not_change_the_content(tmp_path: Path) -> None:
    forms = {
        "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
        "utf-16": lambda text: text.encode("utf-16"),
        "indented": lambda text: text.replace("~", "~\n    ").encode(),
        "padded": lambda text: text.replace("~", "  ~").replace("*UN*", " * UN *").encode(),
        "wrapped": lambda text: "\n".join(text[i : i + 80] for i in range(0, len(text), 80)).encode(),
        "blank lines": lambda text: text.replace("~", "~\n\n").encode(),
        "terminators twice": lambda text: text.replace("~", "~~").encode(),
        "ISA of the wrong length": lambda text: text.replace("SENDER         ", "SENDER").encode(),
        "no last terminator": lambda text: text.removesuffix("~").encode(),
    }
    texts = [form(another(i)) for i, form in enumerate(forms.values())]
    claims = load(tmp_path, *texts, names=list(forms))
    lines = claims.query("SELECT data_source, l.* FROM lines l JOIN claims USING (claim_id)")
    assert sorted(show(lines, "data_source hcpcs_code service_unit_quantity charge_amount")) == sorted(
        f"{name} 99213 1.00 100.00" for name in forms
    )
    assert len(claims.table("diagnoses")) == 2 * len(forms)
    assert problems(claims).empty


def test_an_isa_that_names_the_wrong_component_separator_is_corrected(tmp_path: Path) -> None:
    text = PLAIN.replace(":", ">").replace("*P*>~", "*P*:~")
    claims = load(tmp_path, text)
    assert show(claims.table("lines"), "hcpcs_code") == ["99213"]
    assert show(claims.table("claims"), "place_of_service_code") == ["11"]
    assert problems(claims)["action"].tolist() == ["noted"]


def test_text_before_between_and_after_interchanges_is_rejected(tmp_path: Path) -> None:
    second = another(2).replace("*", "|")
    claims = load(tmp_path, f"Dear all,\nsee below\n\n{PLAIN}\nand also\n{second}\nregards\n")
    assert show(claims.table("claims"), "claim_id") == ["A1", "A2"]
    rejected = claims.rejects.query("action == 'rejected'")
    assert rejected["content"].tolist() == ["Dear all, see below", "and also", "regards"]
    n = PLAIN.count("~")
    account = claims.accounting().query("table_name == 'segments'")
    # N3, N4, the tax number, and who sends and receives: no table holds them.
    columns = ["read", "loaded", "rejected", "left_out"]
    assert account[columns].to_numpy().tolist() == [[2 * n + 3, 2 * n - 10, 3, 10]]


def test_windows_1252_is_read_where_utf_8_is_not(tmp_path: Path) -> None:
    claims = load(
        tmp_path,
        PLAIN.replace("PAYER ONE", "CAFÉ – ÉTÉ").encode("cp1252"),
        another(2).replace("PAYER ONE*****PI*P1", "CAFÉ*****PI*P2").encode(),
    )
    assert sorted(claims.table("claims")["payer"]) == ["CAFÉ", "CAFÉ – ÉTÉ"]


def test_fragments_without_their_envelope(tmp_path: Path) -> None:
    starts = ["GS*", "ST*", "BHT*"]
    claims = load(
        tmp_path, *(another(i)[PLAIN.index(start) :].replace(":", ">") for i, start in enumerate(starts))
    )
    assert show(claims.table("lines"), "hcpcs_code") == ["99213"] * 3
    assert claims.rejects["reason"].str.startswith("no interchange header (ISA)").sum() == 3


def test_several_sets_groups_and_interchanges(tmp_path: Path) -> None:
    one = professional(subscriber(), claim("A1"), number="0001")
    two = professional(subscriber("M2"), claim("A2"), number="0002")
    claims = load(
        tmp_path,
        interchange(one, two)
        + respell(interchange(professional(subscriber(), claim("A3"))), "|", "!", "\n").decode(),
    )
    assert show(claims.table("claims"), "claim_id person_id") == ["A1 M1", "A2 M2", "A3 M1"]
    assert problems(claims).empty


def test_trailers_that_do_not_agree_are_noted(tmp_path: Path) -> None:
    text = PLAIN.replace("SE*", "SE*9").replace("GE*1*1~", "GE*1*7~").replace("IEA*1*", "IEA*2*")
    claims = load(tmp_path, text)
    reasons = sorted(problems(claims)["reason"])
    assert reasons[0] == "GE02 is not the control number of its GS: 1"
    assert reasons[1] == "IEA01 says 2, 1 were found"
    assert reasons[2].startswith("SE01 says 9")
    assert set(problems(claims)["action"]) == {"noted"} and set(problems(claims)["severity"]) == {"warning"}


def test_a_truncated_file_keeps_what_is_whole(tmp_path: Path) -> None:
    text = PLAIN[: PLAIN.index("DTP*472")] + "DTP*472*D8*202"
    claims = load(tmp_path, text)
    assert show(claims.table("lines"), "claim_id charge_amount claim_line_start_date") == ["A1 100.00 -"]
    assert sorted(show(problems(claims), "severity action reason content")) == [
        "grave noted the source ends inside of transaction set 0001: no SE DTP*472*D8*202",
        "grave rejected the text ends inside of this segment: it has no terminator DTP*472*D8*202",
    ]


def test_segments_that_cannot_be_placed_are_rejected(tmp_path: Path) -> None:
    text = PLAIN.replace("HL*1**20*1~", "HL*1**20*1~SV1*HC:99999*5*UN*1~XYZ*1~CAS*CO*45*1~")
    text = text.replace("IEA*", "CAS*PR*1*2~IEA*")
    claims = load(tmp_path, text)
    # What carries dollars stands first.
    assert show(claims.rejects.query("action == 'rejected'"), "severity location reason") == [
        "grave segment 8 SV1 cannot stand before the first claim (CLM) of its level",
        "grave segment 10 CAS cannot stand before the first claim (CLM) of its level",
        "grave segment 28 CAS cannot stand outside of a transaction set",
        "warning segment 9 XYZ: not a segment of an 837 or 835",
    ]
    assert len(claims.table("lines")) == 1


def test_kind_of_payer_specialty_and_facility(tmp_path: Path) -> None:
    """From SBR09, PRV*BI and PRV*PE, NM1*77; another payer's SBR and a line's own provider change no other."""
    sent = professional(
        subscriber().replace("*CI~", "*MB~"),
        claim(
            "A1",
            diagnoses="HI*ABK:E119~NM1*82*1*ROE*JAN****XX*1234567893~PRV*PE*PXC*207Q00000X~NM1*77*2*SITE*****XX*1234567901~"
            "SBR*S*18*******MC~OI***Y***Y~NM1*77*2*OTHER*****XX*1111111112~",
            lines="LX*1~SV1*HC:99213*60*UN*1***1~LX*2~SV1*HC:99213*40*UN*1***1~NM1*82*1*POE*A****XX*1111111112~"
            "PRV*PE*PXC*208D00000X~",
        ),
        subscriber("M2").replace("*CI~", "*ZZ~"),
        claim("A2"),
    ).replace(
        "NM1*85*2*CLINIC*****XX*1111111111~", "PRV*BI*PXC*261QP2300X~NM1*85*2*CLINIC*****XX*1111111111~"
    )
    claims = load(tmp_path, interchange(sent))
    assert show(claims.table("claims"), "claim_id payer_kind billing_taxonomy facility_npi") == [
        "A1 medicare 261QP2300X 1234567901",
        "A2 - 261QP2300X -",
    ]
    assert show(claims.table("lines"), "claim_id claim_line_number rendering_npi rendering_taxonomy") == [
        "A1 1 1234567893 207Q00000X",
        "A1 2 1111111112 208D00000X",
        "A2 1 - -",
    ]


def test_lines_without_lx(tmp_path: Path) -> None:
    lines = "SV1*HC:99213*60*UN*1***1~DTP*472*D8*20250110~SV1*HC:36415*40*UN*1***2~DTP*472*D8*20250111~"
    claims = load(tmp_path, interchange(professional(subscriber(), claim(lines=lines))))
    assert show(claims.table("lines"), "claim_line_number hcpcs_code claim_line_start_date charge_amount") == [
        "1 99213 2025-01-10 60.00", "2 36415 2025-01-11 40.00",
    ]  # fmt: skip


def test_diagnoses_however_they_are_spread(tmp_path: Path) -> None:
    spread = [
        "HI*ABK:E11.9*ABF:I10*ABF:m54.50~",
        "HI*ABK:E119~HI*ABF:I10~HI*ABF:M5450~",
        "HI*ABK:E119*BE:01:::5*ABF:I10*BG:09*ABF:M5450~",
    ]
    claims = load(
        tmp_path,
        interchange(professional(subscriber(), *(claim(f"A{i}", diagnoses=d) for i, d in enumerate(spread)))),
    )
    assert show(claims.table("diagnoses"), "diagnosis_position diagnosis_code diagnosis_code_type") == [
        "1 E119 icd-10-cm", "2 I10 icd-10-cm", "3 M5450 icd-10-cm",
    ] * 3  # fmt: skip


def test_pointers_past_the_diagnoses_are_kept_and_noted(tmp_path: Path) -> None:
    lines = "LX*1~SV1*HC:99213*100*UN*1***1:7::B~"
    claims = load(tmp_path, interchange(professional(subscriber(), claim(lines=lines))))
    assert show(claims.table("pointers"), "pointer_position diagnosis_position") == ["1 1", "2 7", "3 2"]
    assert show(problems(claims), "table_name action") == ["pointers noted"]


INSTITUTIONAL = (
    "CLM*H1*900***13:A:7**A*Y*Y~DTP*434*RD8*20250105-20250108~DTP*435*DT*202501050900~CL1*1*1*01~REF*F8*ORIG9~"
    "HI*ABJ:R0789~HI*BH:11:D8:20250104~HI*APR:R0600~HI*ABK:I2510:::::::Y~HI*ABF:E119:::::::N*ABF:I10:::::::1~"
    "HI*ABN:W19XXXA~HI*BBR:0210093:D8:20250106~HI*BBQ:5A1221Z:D8:20250107~NM1*71*1*ROE*ANN****XX*2222222222~"
    "LX*1~SV2*0360**800*UN*1~LX*2~SV2*0300*HC:80053:91*100*UN*2~DTP*472*D8*20250106~"
)


def test_institutional_claims(tmp_path: Path) -> None:
    # The guide named is the professional one, as in files that are out there: the content tells.
    claims = load(tmp_path, interchange(professional(subscriber(), INSTITUTIONAL)))
    columns = "claim_type bill_type_code place_of_service_code frequency_code original_payer_claim_id claim_start_date claim_end_date"
    assert show(claims.table("claims"), columns) == ["institutional 137 - 7 ORIG9 2025-01-05 2025-01-08"]
    assert show(claims.table("lines"), "revenue_center_code hcpcs_code hcpcs_modifier_1 service_unit_quantity charge_amount") == [
        "0360 - - 1.00 800.00", "0300 80053 91 2.00 100.00",
    ]  # fmt: skip
    assert show(claims.table("diagnoses"), "diagnosis_position diagnosis_code present_on_admission_code") == [
        "1 I2510 Y", "2 E119 N", "3 I10 1", "4 R0789 -", "5 R0600 -", "6 W19XXXA -",
    ]  # fmt: skip
    assert show(claims.table("procedures"), "procedure_position procedure_code procedure_date") == [
        "1 0210093 2025-01-06", "2 5A1221Z 2025-01-07",
    ]  # fmt: skip
    assert claims.table("pointers").empty
    assert set(claims.query("SELECT DISTINCT level FROM pairs")["level"]) == {"claim"}


def test_a_dependent_is_not_the_subscriber(tmp_path: Path) -> None:
    family = "HL*2*1*22*1~SBR*P********CI~NM1*IL*1*DOE*SAM****MI*M1~NM1*PR*2*PAYER ONE*****PI*P1~"
    child = "HL*3*2*23*0~PAT*19~NM1*QC*1*DOE*KIM~DMG*D8*20150303*F~"
    other = "HL*4*2*23*0~PAT*19~NM1*QC*1*DOE*LEE~DMG*D8*20170404*M~"
    claims = load(
        tmp_path,
        interchange(professional(family, child, claim("A1"), other, claim("A2"), subscriber(), claim("A3"))),
    )
    persons = claims.table("claims").sort_values("claim_id")["person_id"].tolist()
    assert persons[2] == "M1"
    assert len(set(persons)) == 3
    assert all(person.startswith("M1-") for person in persons[:2])
    assert "KIM" not in "".join(persons)
    assert show(claims.table("members").query("person_id == 'M1'"), "year birth_date sex") == [
        "2025 1970-01-02 female"
    ]


def test_values_that_cannot_be_read_are_left_empty_and_noted(tmp_path: Path) -> None:
    lines = "LX*1~SV1*HC:99213*1O0*UN*x***1~DTP*472*D8*20250230~LX*2~SV1*HC:36415*12.345*UN*1***1~DTP*472*RD8*20250110-20250112~"
    claims = load(tmp_path, interchange(professional(subscriber(), claim(lines=lines))))
    assert show(claims.table("lines"), "charge_amount service_unit_quantity claim_line_start_date claim_line_end_date") == [
        "- - - -", "12.35 1.00 2025-01-10 2025-01-12",
    ]  # fmt: skip
    assert show(problems(claims), "severity location reason") == [
        "grave segment 20 charge: not a number, left empty: 1O0",
        "warning segment 20 units: not a number, left empty: x",
        "warning segment 21 DTP03: not a date, left empty: 20250230",
        "warning segment 23 charge: rounded to 12.35: 12.345",
    ]


REMIT_LINES = (
    "SVC*HC:99213:25*150*80*0510*2*HC:99214:57*3~DTM*150*20250110~DTM*151*20250111~"
    "CAS*CO*45*10**253*1.5*1*97*2**16*3**50*4**18*5~CAS**1*6~CAS*PR*2*7*~REF*6R*L1~AMT*B6*87~LQ*HE*N115~LQ*RX*99~"
)


def test_remittance_lines_adjustments_and_remarks(tmp_path: Path) -> None:
    text = remittance(
        "CLP*C1*22*-40*-30*-5*12*ICN1*11*1~CAS*OA*23*-5~NM1*QC*1*DOE*PAT****MI*M1~MOA***MA01*MA18~DTM*232*20250108~DTM*050*20250115~",
        paid_claim("C2", lines=REMIT_LINES),
        "PLB*1111111111*20251231*WO:REF9*12.5*L6*-3~",
    )
    claims = load(tmp_path, interchange(text, kind="HP", version="005010X221A1"))
    assert show(claims.table("adjudications"), "claim_id claim_status_code charge_amount paid_amount patient_responsibility_amount paid_date payer_claim_id") == [
        "C1 22 -40.00 -30.00 -5.00 2025-02-01 ICN1", "C2 1 100.00 80.00 - 2025-02-01 ICNC2",
    ]  # fmt: skip
    payments = "hcpcs_code hcpcs_modifier_1 submitted_hcpcs_code revenue_center_code charge_amount allowed_amount paid_amount service_unit_quantity service_date"
    assert show(claims.table("line_payments"), payments) == [
        "99213 25 99214 0510 150.00 87.00 80.00 2.00 2025-01-10"
    ]
    assert show(
        claims.table("lines"), "hcpcs_code hcpcs_modifier_1 service_unit_quantity claim_line_end_date"
    ) == ["99214 57 3.00 2025-01-11"]
    assert show(claims.table("adjustments"), "claim_id claim_line_number adjustment_position group_code carc amount quantity") == [
        "C1 - 1 OA 23 -5.00 -",
        "C2 1 1 CO 45 10.00 -", "C2 1 2 CO 253 1.50 1.00", "C2 1 3 CO 97 2.00 -", "C2 1 4 CO 16 3.00 -",
        "C2 1 5 CO 50 4.00 -", "C2 1 6 CO 18 5.00 -", "C2 1 7 - 1 6.00 -", "C2 1 8 PR 2 7.00 -",
    ]  # fmt: skip
    assert show(claims.table("remarks"), "claim_id claim_line_number remark_position rarc") == [
        "C1 - 1 MA01",
        "C1 - 2 MA18",
        "C2 1 1 N115",
    ]
    assert show(claims.table("provider_adjustments"), "adjustment_number adjustment_reason_code reference_id amount") == [
        "1 WO REF9 12.50", "2 L6 - -3.00",
    ]  # fmt: skip
    assert show(claims.table("claims"), "claim_id claim_type person_id received_date") == [
        "C1 - M1 2025-01-15",
        "C2 - M1 -",
    ]
    assert problems(claims).query("table_name == 'segments'").empty


def test_a_drug_code_is_no_procedure_code(tmp_path: Path) -> None:
    text = remittance(paid_claim(lines="SVC*N4:00378395105*100*80~SVC*NU:0450*5*5~"))
    claims = load(tmp_path, interchange(text, kind="HP"))
    assert show(claims.table("line_payments"), "hcpcs_code revenue_center_code charge_amount") == [
        "- - 100.00",
        "- 0450 5.00",
    ]


def test_the_header_is_sniffed_again_at_every_interchange(tmp_path: Path) -> None:
    many = [
        respell(
            interchange(professional(subscriber(), claim(f"K{i}"))), "*|^"[i % 3], ":>!"[i % 3], "~\n'"[i % 3]
        )
        for i in range(60)
    ]
    claims = load(tmp_path, b"".join(many))
    assert len(claims.table("claims")) == 60
    assert set(claims.table("lines")["hcpcs_code"]) == {"99213"}
    assert problems(claims).empty
    assert ISA.count("*") == 16
