"""Why other scorers disagree with CMS: each cause a predicate on a person, settled by the text it names.

risk.md lists the faults known before; the others were found by comparing, and what CMS says is written beside each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.risk import oracle, oracle_data

NEW = ("NE", "SNPNE")


class Case(NamedTuple):
    """A person with what the causes look at: the score, the codes as they are written, the CCs after the edits."""

    person: dict[str, Any]
    score: oracle.Score
    codes: set[str]
    ccs: set[str]
    tables: oracle_data.Tables

    @property
    def hccs(self) -> frozenset[str]:
        return self.score.hccs

    def edited(self, *, medicare_code_editor: bool) -> list[str]:
        """Codes that an edit of this kind voids or maps elsewhere."""
        person, found = self.person, []
        for code in self.codes & set(self.tables.edits):
            for edit in self.tables.edits[code]:
                outside = (edit.oldest is not None and person["age"] <= edit.oldest) or (
                    edit.youngest is not None and person["age"] >= edit.youngest
                )
                if edit.medicare_code_editor == medicare_code_editor and (
                    outside or edit.sex == person["sex"]
                ):
                    found.append(code)
        return found


Cause = Callable[[Case], bool]


def _aged_64_by_age(case: Case) -> bool:
    return case.person["age"] == 64 and case.person["orec"] == "0"


def _misspelt(case: Case, *terms: str) -> bool:
    """Some of these terms' groups are there: named interactions that the peer spells otherwise."""
    model = "V24"
    held = oracle._interactions(
        model,
        "INS",
        case.hccs,
        disabled=case.person["age"] < 65 and case.person["orec"] != "0",
        nonaged=case.person["age"] < 65,
    )
    return case.score.segment == "INS" and bool(set(terms) & set(held))


def _heart_device_alone(case: Case) -> bool:
    """CC 223 that is zeroed, and a CC that it would have trimmed."""
    return "223" in case.ccs and not case.ccs & {"221", "222", "224", "225", "226"} and "227" in case.ccs


def both(case: Case, edges: set[tuple[str, str]]) -> bool:
    return any(parent in case.ccs and child in case.ccs for parent, child in edges)


# V2419P1M step 3.4: IF AGEF=64 & OREC='0' THEN AGEF=65, of every segment but where a new enrollee's cell has it.
V24_SENIOR = "V24: 64 by age is not scored as 65"
HCCINFHIR: dict[str, dict[str, Cause]] = {
    "V24": {
        V24_SENIOR: lambda c: _aged_64_by_age(c) and c.score.segment not in NEW,
        "an institutional new enrollee loses the age-sex term": lambda c: (
            c.score.segment == "INS" and c.person["new_enrollee"]
        ),
        "a new enrollee of 65-69 with OREC 2 or 3 scores nothing": lambda c: (
            c.score.segment in NEW and 65 <= c.person["age"] <= 69 and c.person["orec"] in "23"
        ),
    },
    "ESRD V24": {
        "months 1-3 after a transplant are scored as a functioning graft": lambda c: (
            c.score.segment == "TRANSPLANT"
        ),
        "a new enrollee's graft has the bonus without its cell and the actuarial adjustment": lambda c: (
            c.score.segment == "GNE"
        ),
        "dialysis in an institution gets the graft's institutional bonus as well": lambda c: (
            c.score.segment in ("DI", "DNE") and c.person["lti"]
        ),
        "a new enrollee on dialysis of 85 or over scores nothing": lambda c: (
            c.score.segment == "DNE" and c.person["age"] >= 85
        ),
        "a new enrollee on dialysis under 65 with OREC 1 is not originally disabled": lambda c: (
            c.score.segment == "DNE" and c.person["age"] < 65 and c.person["orec"] == "1"
        ),
        "a new enrollee on dialysis of 64 by age stays under 65": lambda c: (
            c.score.segment == "DNE" and _aged_64_by_age(c)
        ),
        "an institutional new enrollee's graft loses the age-sex term": lambda c: (
            c.score.segment == "GI" and c.person["new_enrollee"]
        ),
    },
    "RxHCC V08": {
        "hierarchies are stored under R08 and looked up under V08": lambda c: (
            c.ccs != c.hccs and c.score.segment.startswith("Rx_CE")
        ),
        "a new enrollee scores nothing: his terms (ESRD, originally disabled, age) are never formed": lambda c: (
            c.score.segment.startswith("Rx_NE")
        ),
        "the terms of the originally disabled (F65OD, M65OD, OD65) are never formed": lambda c: (
            c.score.segment.startswith("Rx_CE") and c.person["age"] >= 65 and c.person["orec"] == "1"
        ),
    },
}
HCCINFHIR["V22"] = {
    **{name: cause for name, cause in HCCINFHIR["V24"].items() if name != V24_SENIOR},
    "diabetes with heart failure is misspelt and never found": lambda c: (
        c.score.segment.startswith("C") and "85" in c.hccs and bool(c.hccs & {"17", "18", "19"})
    ),
}
HCCINFHIR["V28"] = {
    **{name: cause for name, cause in HCCINFHIR["V24"].items() if name != V24_SENIOR},
    "an edit voids one CC of a code with two": lambda c: any(
        len(c.tables.codes[code]) > 1 for code in c.edited(medicare_code_editor=True)
    ),
}

# V28115H1: lines that break inside %STR( … ) are not read by hccpy's pattern.
HCCPY: dict[str, dict[str, Cause]] = {
    "V24": {
        "OREC 3 counts as originally disabled": lambda c: (
            c.person["orec"] == "3" and c.person["age"] >= 65 and c.score.segment != "INS"
        ),
        V24_SENIOR: _aged_64_by_age,
        "two institutional interactions are misspelt and never found": lambda c: _misspelt(
            c, "ART_OPENINGS_PRESS_ULCER", "ASP_SPEC_B_PNEUM_PRES_ULC"
        ),
    },
    "V28": {
        "OREC 3 counts as originally disabled": lambda c: (
            c.person["orec"] == "3" and c.person["age"] >= 65 and c.score.segment != "INS"
        ),
        "a new enrollee of 64 by age stays under 65": lambda c: c.score.segment in NEW and _aged_64_by_age(c),
        "no Medicare Code Editor edits": lambda c: bool(c.edited(medicare_code_editor=True)),
        "a zeroed CC 223 still trims": _heart_device_alone,
    },
}
RAM: dict[str, dict[str, Cause]] = {
    "V22": {"no SNP new enrollees": lambda c: c.score.segment == "SNPNE"},
    "V24": {
        "no SNP new enrollees": lambda c: c.score.segment == "SNPNE",
        V24_SENIOR: lambda c: _aged_64_by_age(c) and c.score.segment not in NEW,
        "mandatory edits without the codes since FY 2024": lambda c: bool(
            set(c.edited(medicare_code_editor=False)) & {"J4481", "J4489"}
        ),
    },
    "V28": {
        "no SNP new enrollees": lambda c: c.score.segment == "SNPNE",
        "no Medicare Code Editor edits": lambda c: bool(c.edited(medicare_code_editor=True)),
        "mandatory edits without the codes since FY 2024": lambda c: bool(
            set(c.edited(medicare_code_editor=False)) & {"J4481", "J4489"}
        ),
        "a zeroed CC 223 still trims": _heart_device_alone,
    },
    "ESRD V24": {},
    "RxHCC V08": {},
}
