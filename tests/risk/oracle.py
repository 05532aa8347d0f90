"""CMS's risk scores, one beneficiary at a time in plain Python: what `risk.score` has to agree with.

Every rule is written out here from CMS's SAS programs, so that it owes nothing to the package:
- V22: V2218O1M (as V24, but no counts, and no 65 for 64), V22H79H1, V22I0ED2
- V24: V2419P1M (segments, groups, interactions, counts), V24H86H1 (hierarchies), V24I0ED1 (edits)
- V28: V2823T2M, V28115H1, V28I0ED1
- both: AGESEXV2 (age–sex cells, disabled, originally disabled)
- ESRD V24: E2118P1M for the frame; what changed since (full and partial duals, graft duration, actuarial
  adjustment of new enrollees) from the account that risk-adjustment-model gives of CMS's Python
- RxHCC V08: the same account of CMS's Python

Terms are in oracle_terms.py, the data that the rules are applied to in oracle_data.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tests.risk.oracle_data import Tables
from tests.risk.oracle_terms import GROUPS, IN_SEGMENT, INTERACTIONS

MODELS = ("V22", "V24", "V28", "ESRD V24", "RxHCC V08")

FULL_DUAL = ("02", "04", "08")
PARTIAL_DUAL = ("01", "03", "05", "06")
LTI_MEDICAID = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10")
NEW_ENROLLEE_MEDICAID = ("01", "02", "03", "04", "05", "06", "08")


class Score(NamedTuple):
    """What CMS's program says of one beneficiary."""

    segment: str
    demographic: float
    disease: float
    interaction: float
    count: float
    hccs: frozenset[str]

    @property
    def raw(self) -> float:
        return self.demographic + self.disease + self.interaction + self.count


def score(model: str, person: Mapping[str, Any], codes: Iterable[str], tables: Tables) -> Score:
    """The score of one person; `person` has the columns of `members` with sex 1 or 2 as in CMS's files."""
    ccs = _condition_categories(person, codes, tables)
    if model in ("V22", "V24", "V28"):
        return _community(model, person, ccs, tables)
    if model == "ESRD V24":
        return _esrd(person, ccs, tables)
    return _part_d(person, ccs, tables)


def _condition_categories(person: Mapping[str, Any], codes: Iterable[str], tables: Tables) -> set[str]:
    """Step 3.5: edit, then map. The edit's CC replaces all assignments of the code; "-1.0" voids them all."""
    age, sex, found = person["age"], person["sex"], set()
    for dirty in codes:
        code = dirty.strip().upper().replace(".", "")
        cc = "9999"
        for edit in sorted(tables.edits.get(code, ()), key=lambda edit: edit.medicare_code_editor):
            outside = (edit.oldest is not None and age <= edit.oldest) or (
                edit.youngest is not None and age >= edit.youngest
            )
            if outside or edit.sex == sex:
                cc = edit.override or "-1.0"
        if cc == "9999":
            found.update(tables.codes.get(code, ()))
        elif cc != "-1.0":
            found.add(cc)
    return found


def _hierarchies(ccs: set[str], tables: Tables) -> frozenset[str]:
    """One anti-join on the CCs present, as CMS's announcement words it and CMS's Python does it.

    The SAS macro %SET0 runs down the list instead and asks the HCC, not the CC. The two differ only where the list is
    not transitive: V28's 62 drops 63, 63 drops 202, 62 does not drop 202 (RxHCC: 81–83, 84, 317), so SAS keeps 202
    of a person with all three. `sequential_hierarchies` is that reading; a test counts where it matters.
    """
    return frozenset(ccs.difference(*(tables.children.get(cc, ()) for cc in ccs)))


def sequential_hierarchies(ccs: Iterable[str], tables: Tables) -> frozenset[str]:
    """%SET0 line by line, as the SAS text reads: an HCC that is already zero drops nothing."""
    hccs = set(ccs)
    for parent in sorted(tables.children, key=int):
        if parent in hccs:
            hccs -= set(tables.children[parent])
    return frozenset(hccs)


def _cell(sex: str, age: int) -> str:
    """AGESEXV2's twenty-four cells."""
    return ("F" if sex == "2" else "M") + _band(age, (34, 44, 54, 59, 64, 69, 74, 79, 84, 89, 94))


def _new_cell(sex: str, age: int, orec: str) -> str:
    """AGESEXV2's thirty-two cells of new enrollees: single years from 65 to 69; 64 by age counts as 65."""
    if age == 64 and orec == "0":
        age = 65
    band = str(age) if 65 <= age <= 69 else _band(age, (34, 44, 54, 59, 64, 69, 74, 79, 84, 89, 94))
    return ("NEF" if sex == "2" else "NEM") + band


def _band(age: int, tops: tuple[int, ...]) -> str:
    lower = 0
    for top in tops:
        if age <= top:
            return f"{lower}_{top}"
        lower = top + 1
    return f"{lower}_GT"


def _interactions(
    model: str, segment: str, hccs: frozenset[str], *, disabled: bool, nonaged: bool
) -> list[str]:
    held = []
    for name in IN_SEGMENT[model][segment]:
        for factor in INTERACTIONS[model][name]:
            if factor == "DISABL":
                present = disabled
            elif factor == "NONAGED":
                present = nonaged
            elif factor in GROUPS[model]:
                present = any(str(hcc) in hccs for hcc in GROUPS[model][factor])
            else:
                present = factor.removeprefix("HCC") in hccs
            if not present:
                break
        else:
            held.append(name)
    return held


def _community(model: str, person: Mapping[str, Any], ccs: set[str], tables: Tables) -> Score:
    age, sex, orec, dual = person["age"], person["sex"], person["orec"], person["dual"]
    if model == "V24" and age == 64 and orec == "0":  # V2419P1M; V2823T2M has no such line
        age = 65
    disabled = age < 65 and orec != "0"
    originally_disabled = orec == "1" and not disabled
    if model == "V28" and "223" in ccs and not ccs & {"221", "222", "224", "225", "226"}:
        ccs = ccs - {"223"}  # the heart interaction patch works on CCs, before the hierarchies
    hccs = _hierarchies(ccs, tables)

    def weight(term: str) -> float:
        return tables.weights[f"{segment}_{term}"]

    if person["lti"]:
        segment, terms = "INS", [_cell(sex, age)]
        terms += ["LTIMCAID"] if dual in LTI_MEDICAID else []
        terms += ["ORIGDS"] if originally_disabled else []
    elif person["new_enrollee"]:
        segment = "SNPNE" if person["snp"] else "NE"
        medicaid = "MCAID" if dual in NEW_ENROLLEE_MEDICAID else "NMCAID"
        origds = "ORIGDIS" if age >= 65 and orec == "1" else "NORIGDIS"
        term = f"{medicaid}_{origds}_{_new_cell(sex, age, orec)}"
        return Score(segment, weight(term), 0.0, 0.0, 0.0, hccs)
    else:
        benefit = "F" if dual in FULL_DUAL else "P" if dual in PARTIAL_DUAL else "N"
        segment, terms = f"C{benefit}{'A' if age >= 65 else 'D'}", [_cell(sex, age)]
        if segment.endswith("A") and originally_disabled:
            terms.append("OriginallyDisabled_Female" if sex == "2" else "OriginallyDisabled_Male")
    count = min(len(hccs), 10)
    # V24's INST_REG has no D1-D10P, V2218O1M has none at all.
    counted = count > 0 and model != "V22" and not (model == "V24" and segment == "INS")
    return Score(
        segment,
        sum(map(weight, terms)),
        sum(weight(f"HCC{hcc}") for hcc in hccs),
        sum(map(weight, _interactions(model, segment, hccs, disabled=disabled, nonaged=age < 65))),
        weight("D10P" if count == 10 else f"D{count}") if counted else 0.0,
        hccs,
    )


def _esrd(person: Mapping[str, Any], ccs: set[str], tables: Tables) -> Score:
    # Kidney failure makes a person ESRD, never a condition of its own. Accounts of CMS's Python differ on 138
    # (risk-adjustment-model zeroes it, hccinfhir does not); its coefficient is zero in every segment.
    hccs = _hierarchies(ccs - {"134", "135", "136", "137", "138"}, tables)
    months = person["graft_months"]
    if months is not None and months <= 3:
        flat = tables.weights[f"TRANSPLANT_KIDNEY_ONLY_{months}M"]
        return Score("TRANSPLANT", flat, 0.0, 0.0, 0.0, hccs)
    if person["new_enrollee"] and (months is None or not person["lti"]):
        segment = "DNE" if months is None else "GNE"
        return Score(segment, _esrd_new_enrollee(person, tables), 0.0, 0.0, 0.0, hccs)

    age, sex, orec, dual = person["age"], person["sex"], person["orec"], person["dual"]
    aged, sexed = age >= 65, "Female" if sex == "2" else "Male"
    originally_disabled = orec == "1" and aged
    terms = [_cell(sex, age)]
    if months is None:
        segment, years = "DI", "Aged" if aged else "NonAged"
        terms += [f"Originally_ESRD_{sexed}"] if aged and orec in ("2", "3") else []
        terms += [f"LTI_{years}"] if person["lti"] else []
        terms += [f"FBDual_{sexed}_{years}"] if dual in FULL_DUAL else []
        terms += [f"PBDual_{sexed}_{years}"] if dual in PARTIAL_DUAL else []
    elif person["lti"]:
        segment = "GI"
    else:
        segment = f"G{'F' if dual in FULL_DUAL else 'NP'}{'A' if aged else 'N'}"
    if originally_disabled:
        terms.append("ORIGDS" if segment == "GI" else f"OriginallyDisabled_{sexed}")

    def weight(term: str) -> float:
        return tables.weights[f"{segment}_{term}"]

    return Score(
        segment,
        sum(map(weight, terms)) + (0.0 if months is None else _graft_bonus(person, tables)),
        sum(weight(f"HCC{hcc}") for hcc in hccs),
        sum(map(weight, _interactions("ESRD V24", segment, hccs, disabled=False, nonaged=not aged))),
        0.0,  # no payment-HCC counts in this model
        hccs,
    )


def _esrd_new_enrollee(person: Mapping[str, Any], tables: Tables) -> float:
    age, sex, orec = person["age"], person["sex"], person["orec"]
    benefit = "FBD" if person["dual"] in FULL_DUAL else "ND_PBD"
    if person["graft_months"] is None:
        # Dialysis: NE_ORIGDS = (OREC='1') at every age; bands of five years, 85 and over as one.
        origds = "ORIGDIS" if orec == "1" else "NORIGDIS"
        banded = 65 if age == 64 and orec == "0" else age
        cell = ("NEF" if sex == "2" else "NEM") + _band(banded, (34, 44, 54, 59, 64, 69, 74, 79, 84))
        return tables.weights[f"DNE_{benefit}_{origds}_{cell}"]
    origds = "ORIGDIS" if age >= 65 and orec == "1" else "NORIGDIS"
    cell_weight = tables.weights[f"GNE_{benefit}_{origds}_G_{_new_cell(sex, age, orec)}"]
    adjustment = tables.weights["ActAdj_DUR4_9" if person["graft_months"] <= 9 else "ActAdj_DUR10PL"]
    return (cell_weight + _graft_bonus(person, tables)) / adjustment


def _graft_bonus(person: Mapping[str, Any], tables: Tables) -> float:
    """What the months since the transplant add, by dual status and age; in an institution with its own term."""
    lti, dual = person["lti"], person["dual"]
    new = person["new_enrollee"] and not lti
    aged = person["age"] >= 65 or (new and person["age"] == 64 and person["orec"] == "0")
    table, years = "FGI" if lti else "FGC", "GE65" if aged else "LT65"
    duration = "DUR4_9" if person["graft_months"] <= 9 else "DUR10PL"
    bonus = tables.weights[f"{table}_{years}_{duration}_{'FBD' if dual in FULL_DUAL else 'ND_PBD'}"]
    if dual in PARTIAL_DUAL and not new:
        bonus += tables.weights[f"{table}_PBD_{years}_flag"]
    return bonus + (tables.weights[f"LTI_{years}"] if lti else 0.0)


def _part_d(person: Mapping[str, Any], ccs: set[str], tables: Tables) -> Score:
    age, sex, orec = person["age"], person["sex"], person["orec"]
    hccs = _hierarchies(ccs, tables)
    originally_disabled = age >= 65 and orec == "1"
    low = "Lo" if person["low_income"] else "NoLo"
    letter = "F" if sex == "2" else "M"

    def weight(term: str) -> float:
        return tables.weights[f"{segment}_{term}"]

    if person["new_enrollee"]:
        segment = "Rx_NE_LTI" if person["lti"] else f"Rx_NE_{low}"
        esrd = "ESRD" if person["esrd"] else "NESRD"
        origds = "ORIGDIS" if originally_disabled else "NORIGDIS"
        cell = _new_cell(sex, age, orec).removeprefix("NE")
        return Score(segment, weight(f"{esrd}_{origds}_X_{cell}"), 0.0, 0.0, 0.0, hccs)
    segment = "Rx_CE_LTI" if person["lti"] else f"Rx_CE_{low}w{'Aged' if age >= 65 else 'NoAged'}"
    terms = [_cell(sex, age)]
    terms += [f"{letter}65OD", "OD65"] if originally_disabled else []
    return Score(
        segment,
        sum(map(weight, terms)),
        sum(weight(f"RXHCC{hcc}") for hcc in hccs),
        sum(map(weight, _interactions("RxHCC V08", segment, hccs, disabled=False, nonaged=age < 65))),
        0.0,
        hccs,
    )
