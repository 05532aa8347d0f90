"""Enrolment files (834) as text, and the members that they come to: full files, changes, Medicare, whom, accounting."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

import cpticd as cx
from cpticd.loaders.x12 import batches
from cpticd.loaders.x12.enrolments834 import layout
from cpticd.loaders.x12.places import _HELD, Zone
from tests.loaders.x12_text import Taken, balanced, claim, interchange, professional, show, transaction

SPONSOR = "N1*P5*ALDER WORKS*FI*1~N1*IN*ALDER PLAN*FI*2~"
OPEN = "HD*030**HMO~DTP*348*D8*20240101~"


def entry(
    who: str = "M1", coverages: str = OPEN, *, what: str = "030", medicare: str = "", dates: str = "",
    own: str = "Y*18", numbers: str = "", name: str = "DOE*PAT", born: str = "19500102", died: str = "",
) -> str:  # fmt: skip
    """A member of a set: INS with what stands beneath it."""
    number = f"REF*0F*{who}~" if who else ""
    gone = f"***D8*{died}" if died else ""
    return (
        f"INS*{own}*{what}*XN*A*{medicare}**FT{gone}~{number}REF*1L*G1~{numbers}{dates}"
        f"NM1*IL*1*{name}****34*123456789~N3*1 MAIN~N4*TOWN*IL*60000**CY*17031~DMG*D8*{born}*F~{coverages}"
    )


def enrolment(
    *members: str, action: str = "4", day: str = "20250101", head: str = SPONSOR, time: str = "1200"
) -> str:
    """An interchange with one 834."""
    body = f"BGN*00*{day}{action}*{day}*{time}****{action}~{head}{''.join(members)}"
    return interchange(transaction(body, kind="834"), kind="BE", version="005010X220A1")


def change(*members: str, day: str = "20250601", time: str = "1200") -> str:
    return enrolment(*members, action="2", day=day, time=time)


def months(taken: Taken, columns: str = "person_id year enrolled_months") -> list[str]:
    return show(taken.query("SELECT * FROM members ORDER BY person_id, year"), columns)


def test_a_full_file_by_hand(tmp_path: Path) -> None:
    """Who, from when, which parts of Medicare; a person in a dental plan alone is left out, and others' names are not his."""
    father = "NM1*S3*1*DOE*ELDER~N3*2 MAIN~N4*ELSEWHERE*WI*50000~"
    full = enrolment(
        entry(medicare="C:0", dates="DTP*338*D8*20240301~", coverages=father + OPEN),
        entry("M2", "HD*030**DEN~DTP*348*D8*20240101~"),
        entry("M3", "HD*030**AJ*MAPD PLAN~DTP*348*D8*20240201~DTP*349*D8*20240930~", medicare="A:1:2"),
        entry("M4", medicare="E", died="20240315"),
        entry("M5", "HD*030**PPO~DTP*348*D8*20240501~REF*CE*12345IL0010001-04~", born="19800101"),
    )
    taken = Taken(tmp_path, full)
    who = "person_id year birth_date sex state county_code original_reason_entitlement_code esrd csr_variant death_date"
    assert months(taken, who) == [
        "M1 2024 1950-01-02 female IL 17031 0 - - -", "M1 2025 1950-01-02 female IL 17031 0 - - -",
        "M3 2024 1950-01-02 female IL 17031 3 True - -", "M4 2024 1950-01-02 female IL 17031 - - - 2024-03-15",
        "M5 2024 1980-01-01 female IL 17031 - - 04 -", "M5 2025 1980-01-01 female IL 17031 - - 04 -",
    ]  # fmt: skip
    counts = "person_id year enrolled_months part_b_months part_d_months medicare_advantage_months"
    assert months(taken, counts) == [
        "M1 2024 12 10 - -", "M1 2025 1 1 - -", "M3 2024 8 0 8 8", "M4 2024 3 0 - -", "M5 2024 8 - - -", "M5 2025 1 - - -",
    ]  # fmt: skip
    said = taken.rejects.set_index("reason")["content"]
    assert said["no medical coverage of these persons on any day: left out: 1"] == "M2"
    assert said["insurance line DEN (HD03) is no medical coverage: left out: 1"] == ""
    assert any("counted until 2025-01-01" in reason for reason in said.index)


CASES = {
    "ended on the last day": ("HD*024**HMO~DTP*349*D8*20250331~", "024", "", 3),
    "ended, the day at the member": ("HD*024**HMO~", "024", "DTP*357*D8*20250228~", 2),
    "ended without its coverages": ("", "024", "DTP*357*D8*20250430~", 4),
    "ended without any day": ("HD*024**HMO~", "024", "", 6),
    "cancelled from its first day": ("HD*024**HMO~DTP*348*D8*20250101~DTP*349*D8*20250101~", "024", "", 0),
    "deleted": ("HD*002**HMO~", "001", "", 0),
    "another plan, the first is replaced": ("HD*001**PPO~DTP*348*D8*20250301~DTP*349*D8*20250331~", "001", "", 3),
    "an address alone": ("", "001", "", 12),
    "a change without days": ("HD*001**HMO~", "001", "", 12),
    "ended and begun again in one set": (
        "HD*024**HMO~DTP*349*D8*20250228~HD*021**PPO~DTP*348*D8*20251101~", "001", "", 4),
    "the same, the other way round": (
        "HD*021**PPO~DTP*348*D8*20251101~HD*024**HMO~DTP*349*D8*20250228~", "001", "", 4),
    "dental ended": ("HD*024**DEN~DTP*349*D8*20250228~", "001", "", 12),
}  # fmt: skip


def test_what_each_change_does_to_the_months_of_a_year(tmp_path: Path) -> None:
    """Everybody is covered from January 2025 on, then changes; the last set is of December 1."""
    people = [f"P{place:02d}" for place in range(len(CASES))]
    begun = "HD*030**HMO~DTP*348*D8*20250101~"
    changes = [
        entry(who, coverages, what=what, dates=dates)
        for who, (coverages, what, dates, _) in zip(people, CASES.values(), strict=True)
    ]
    late = change(entry("LATE", "HD*021**HMO~DTP*348*D8*20251201~", what="021"), day="20251201")
    taken = Taken(tmp_path, enrolment(*(entry(who, begun) for who in people)), change(*changes), late)
    found = taken.query("SELECT person_id, enrolled_months FROM members").set_index("person_id")[
        "enrolled_months"
    ]
    assert {name: int(found.get(who, 0)) for who, name in zip(people, CASES, strict=True)} == {
        name: wanted for name, (*_, wanted) in CASES.items()
    }
    assert found["LATE"] == 1
    assumed = taken.noted("coverage that is ended without a last day")
    assert assumed["content"].tolist() == [people[list(CASES).index("ended without any day")]]


def test_who_is_not_in_a_later_full_file_was_covered_until_the_day_before(tmp_path: Path) -> None:
    later = enrolment(entry("M2", "HD*030**HMO~DTP*348*D8*20240701~"), day="20250801")
    other = enrolment(entry("M9"), day="20250801", head="N1*P5*BIRCH*FI*9~N1*IN*ALDER PLAN*FI*2~")
    taken = Taken(tmp_path, later, enrolment(entry("M1"), entry("M2")), other)
    assert months(taken) == ["M1 2024 12", "M1 2025 7", "M2 2024 12", "M2 2025 8", "M9 2024 12", "M9 2025 8"]
    (gone,) = taken.noted("not in this full file").to_dict("records")
    assert (gone["source"], gone["content"]) == ("f0.edi", "M1")


def test_a_dependent_and_a_person_whom_claims_name_otherwise(tmp_path: Path) -> None:
    """The dependent of an 837 has the same number as in the 834; Medicare's number is taken where claims have it."""
    child = "HL*3*2*23*0~PAT*19~NM1*QC*1*DOE*KIM~DMG*D8*20150304*F~"
    family = professional(
        "HL*2*1*22*1~SBR*P********CI~NM1*IL*1*DOE*PAT****MI*M1~NM1*PR*2*PAYER*****PI*P1~" + child, claim("A1")
    )
    mbi = "HL*2*1*22*0~SBR*P*18*******MA~NM1*IL*1*ROE*SAM****MI*1EG4TE5MK73~DMG*D8*19500102*F~NM1*PR*2*PAYER*****PI*P1~"
    full = enrolment(
        entry(), entry(own="N*19", name="Doe*Kim", born="20150304"), entry("M7", numbers="REF*F6*1EG4TE5MK73~"),
        entry(own="N*19", name="DOE*LEE", born="20170304"),
    )  # fmt: skip
    taken = Taken(tmp_path, interchange(family, professional(mbi, claim("A2"), number="0002")), full)
    claims = taken.query("SELECT person_id FROM claims ORDER BY source_claim_id")["person_id"].tolist()
    members = taken.query("SELECT DISTINCT person_id FROM members ORDER BY person_id")["person_id"].tolist()
    assert set(claims) <= set(members) and claims[1] == "1EG4TE5MK73" and len(members) == 4
    assert "M7 is 1EG4TE5MK73" in taken.noted("persons named by another number")["content"].tolist()


def test_what_cannot_be_placed_is_rejected_with_its_place_and_the_rest_is_counted(tmp_path: Path) -> None:
    odd = change(
        entry("", what="021", name="*"), entry("M2", what="999"), entry("M3", own="N*19", what="021", name="*", born=""),
        entry("M4", "HD*021**XYZ~DTP*348*D8*20250101~", what="021"),
        entry("M5", "HD*021**HMO~DTP*348*D8*20259999~", what="021"),
    )  # fmt: skip
    (tmp_path / "f.edi").write_text(odd)
    claims = cx.read(tmp_path / "f.edi", progress=False, quiet=True)
    rejected = claims.rejects.query("action == 'rejected'")
    assert show(rejected, "table_name location")[0].startswith("enrolments segment")
    reasons = " / ".join(rejected["reason"])
    assert len(rejected) == 3 and "INS03: what is to be done is not known: 999" in reasons
    assert "cannot be told from the subscriber" in reasons and "neither a number" in reasons
    noted = " / ".join(claims.rejects["reason"])
    assert "insurance line XYZ (HD03) is not known" in noted and "not a date" in noted
    assert "coverage without a first day" in noted
    account = claims.accounting().query("table_name == 'enrolments'").iloc[0]
    assert account[["read", "loaded", "rejected", "left_out"]].tolist() == [5, 1, 3, 1] and balanced(claims)


def test_a_file_of_members_alone_is_read_beside_others_and_gives_way_to_a_table(tmp_path: Path) -> None:
    (tmp_path / "f.edi").write_text(enrolment(entry(), entry("M2", medicare="E")))
    (tmp_path / "lines.csv").write_text("Claim #,CPT,Dx1,Charges,Member ID\nA1,99213,I10,80,M1\n")
    (tmp_path / "members.csv").write_text("Member ID,Year,DOB,Gender\nM1,2024,1950-02-01,M\n")
    assert "x12" in repr(cx.look(tmp_path / "f.edi")).lower()
    claims = cx.read(
        tmp_path / "f.edi",
        tmp_path / "lines.csv",
        members=tmp_path / "members.csv",
        quiet=True,
        progress=False,
    )
    found = claims.table("members").sort_values(["person_id", "year"])
    assert show(found, "person_id year sex") == [
        "M1 2024 male", "M1 2025 female", "M2 2024 female", "M2 2025 female",
    ]  # fmt: skip
    scored = cx.risk.score(claims, payment_year=2025, quiet=True)
    (out,) = cx.risk.rejects(scored).to_dict("records")
    assert scored["person_id"].tolist() == ["M1"] and out["location"] == "person M2"
    assert out["reason"].startswith("no month of Medicare Part B")


def test_a_store_reads_the_whole_again_when_enrolments_come(tmp_path: Path) -> None:
    (tmp_path / "one.edi").write_text(enrolment(entry()))
    (tmp_path / "two.edi").write_text(
        change(entry(coverages="HD*024**HMO~DTP*349*D8*20250331~", what="024"), day="20250401")
    )
    (tmp_path / "claims.edi").write_text(interchange(professional(
        "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*PAT****MI*M1~NM1*PR*2*PAYER*****PI*P1~", claim("A1")
    )))  # fmt: skip
    store = cx.store(tmp_path / "store")
    store.add(tmp_path / "claims.edi", tmp_path / "one.edi")
    store.add(tmp_path / "two.edi")
    found = store.claims().table("members").query("year == 2025")
    assert show(found, "person_id enrolled_months") == ["M1 3"]


def test_a_set_that_is_read_in_pieces_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = enrolment(*(entry(f"M{place}") for place in range(60)))
    folders = [tmp_path / name for name in ("whole", "pieces")]
    for folder in folders:
        folder.mkdir()
    whole = Taken(folders[0], many)
    monkeypatch.setattr(batches.Batches.__init__, "__defaults__", (2000,))
    monkeypatch.setattr("cpticd.loaders.x12.items.BLOCK", 1500)
    pieces = Taken(folders[1], many)
    assert months(whole) == months(pieces) and len(months(whole)) == 120
    assert show(whole.rejects, "reason content") == show(pieces.rejects, "reason content")


def test_the_layout_is_what_the_places_of_segments_hold() -> None:
    zones = {"head": Zone.ENROL_HEAD, "member": Zone.MEMBER, "coverage": Zone.COVERAGE}
    held = {(zone, item) for zone in zones.values() for item in _items(_HELD[zone])}
    assert held == {
        (zones[row["part"]], (row["segment"], each))
        for row in layout() for each in (row["qualifier"] or "").split() or [""]
    }  # fmt: skip


def _items(held: str) -> list[tuple[str, str]]:
    return [
        (tag, each)
        for tag, _, qualifiers in (item.partition(":") for item in held.split())
        for each in qualifiers.split(",")
    ]


# -- a full file and the changes after it come to what one full file after them says ------------------------------


def story(rng: random.Random) -> tuple[list[tuple[str, date, date | None]], list[list[str]]]:
    """Spans of coverage of a person, and what each of three sets of changes says, by which they came about."""
    day = date(2024, 1, 1) + timedelta(rng.randrange(300))
    spans: list[tuple[str, date, date | None]] = [("HMO", day, None)] if rng.random() < 0.8 else []
    told: list[list[str]] = [_told(spans)]
    for _ in range(3):
        said = []
        line, first, last = spans[-1] if spans else ("HMO", date(2024, 1, 1), date(2024, 1, 1))
        day = max(last or first, date(2024, 11, 1)) + timedelta(rng.randrange(1, 80))
        move = rng.choice(["nothing", "end", "add", "swap", "cancel", "late"])
        if move == "add" and (last or not spans):
            spans.append((line, day, None))
            said.append(f"HD*021**{line}~DTP*348*D8*{day:%Y%m%d}~")
        elif move in ("end", "late") and spans and last is None:
            spans[-1] = (line, first, day)
            begun = f"DTP*348*D8*{first:%Y%m%d}~" if move == "late" else ""
            said.append(f"HD*024**{line}~{begun}DTP*349*D8*{day:%Y%m%d}~")
        elif move == "swap" and spans and last is None:
            other = "PPO" if line == "HMO" else "HMO"
            spans[-1] = (line, first, day)
            spans.append((other, day + timedelta(1), None))
            said += [
                f"HD*024**{line}~DTP*349*D8*{day:%Y%m%d}~",
                f"HD*021**{other}~DTP*348*D8*{day + timedelta(1):%Y%m%d}~",
            ]
            rng.shuffle(said)
        elif move == "cancel" and spans and last is None:
            spans.pop()
            said.append(f"HD*024**{line}~DTP*348*D8*{first:%Y%m%d}~DTP*349*D8*{first:%Y%m%d}~")
        told.append(said)
    return spans, told


def _told(spans: list[tuple[str, date, date | None]]) -> list[str]:
    return [
        f"HD*030**{line}~DTP*348*D8*{first:%Y%m%d}~" + (f"DTP*349*D8*{last:%Y%m%d}~" if last else "")
        for line, first, last in spans
    ]


def counted(spans: list[tuple[str, date, date | None]], horizon: date) -> dict[int, int]:
    """Months of each year on some day of which one is covered."""
    covered = {
        (day.year, day.month)
        for _, first, last in spans
        for day in (first + timedelta(n) for n in range(((last or max(first, horizon)) - first).days + 1))
    }
    return {year: sum(1 for y, _ in covered if y == year) for year in {y for y, _ in covered}}


def test_changes_after_a_full_file_come_to_the_full_file_after_them(tmp_path: Path) -> None:
    rng = random.Random(7)
    stories = {f"P{number:03d}": story(rng) for number in range(150)}
    days = ["20250101", "20250801", "20250901", "20251201"]
    sets = []
    for place, day in enumerate(days):
        what, make = ("030", enrolment) if place == 0 else ("001", change)
        people = [
            entry(who, "".join(told[place]), what=what) for who, (_, told) in stories.items() if told[place]
        ]
        sets.append(make(*people, entry("LAST", OPEN if place == 0 else "", what=what), day=day))
    after = enrolment(
        *(entry(who, "".join(_told(spans))) for who, (spans, _) in stories.items() if spans),
        entry("LAST"), day="20251201", time="2300",
    )  # fmt: skip
    wanted = [
        f"{who} {year} {n}"
        for who, (spans, _) in stories.items()
        for year, n in sorted(counted(spans, date(2025, 12, 1)).items())
    ]
    for name, texts in {"changes": sets, "after": [after], "both": [*sets, after]}.items():
        (tmp_path / name).mkdir()
        rng.shuffle(texts)
        found = [row for row in months(Taken(tmp_path / name, *texts)) if not row.startswith("LAST")]
        assert found == wanted, name
