"""HHS's models of benefit year 2025 as a plain function of one silver enrollee, after HHS's DIY instructions.

HCCs come from hccpy's tables of benefit year 2022 (V07, whose hierarchies V08 kept), weights from
:mod:`tests.risk.hhs_published`; neither code nor table is shared with ``cpticd.risk``.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from tests.risk.hhs_published import SILVER_2025

GROUPS = {
    "adult": "G01:19,20,21 G02B:26,27 G04:61,62 G06A:67,68,69 G08:73,74 G09A:81,82 G09C:83,84 G10:106,107 "
    "G11:108,109 G12:117,119 G13:126,127 G14:128,129 G21:137,138,139 G15A:160,161_1,161_2 G16:187,188 G17A:204,205 "
    "G18A:207,208 G24:18,183",
    "child": "G01:19,20,21 G02B:26,27 G02D:28,29 G03:54,55 G04:61,62 G06A:67,68,69 G08:73,74 G09A:81,82 G09C:83,84 "
    "G10:106,107 G11:108,109 G12:117,119 G13:126,127 G14:128,129 G23:131,132 G16:187,188 G17A:204,205 G18A:207,208 "
    "G19B:210,211 G22:234,254",
}
SEVERE = "2 3 4 6 23 34 41 42 96 121 122 125 135 145 156 158 163 218 223 251 G13 G14"
TRANSPLANT = "34 41 158 251 G14"
OF_POPULATION = {"adult": "G24", "child": "18 183"}
DRUGS = {
    "RXC_01_X_HCC001": ("1",),
    "RXC_02_X_HCC037_1_036_035_2_035_1_034": ("37_1 36 35_2 35_1 34",),
    "RXC_03_X_HCC142": ("142",),
    "RXC_04_X_HCC184_183_187_188": ("184 183 187 188",),
    "RXC_05_X_HCC048_041": ("48 41",),
    "RXC_06_X_HCC018_019_020_021": ("18 19 20 21",),
    "RXC_07_X_HCC018_019_020_021": ("18 19 20 21",),
    "RXC_08_X_HCC118": ("118",),
    "RXC_09_X_HCC056_057_AND_048_041": ("56 57", "48 41"),
    "RXC_09_X_HCC056": ("56",),
    "RXC_09_X_HCC057": ("57",),
    "RXC_09_X_HCC048_041": ("48 41",),
    "RXC_10_X_HCC159_158": ("159 158",),
}
SEVERITY = {
    5: "8 18 34 41 42 125 128 129 130 137 158 183 184 251",
    4: "2 9 26 30 35_1 35_2 64 67 68 73 106 107 111 112 115 122 126 127 131 135 138 145 146 154 156 163 187 253",
    3: "1 3 6 10 11 12 27 45 54 55 61 63 66 70 74 75 81 82 83 84 96 108 109 110 113 114 117 119 121 132 139 142 149 "
    "150 159 218 223 226 228",
    2: "4 13 19 20 21 23 28 29 36 46 47 48 56 57 62 69 71 97 120 151 153 160 161_1 162 188 217 219",
}
MATURITY = {
    "EXTREMELY_IMMATURE": "242 243 244",
    "IMMATURE": "245 246",
    "PREMATURE_MULTIPLES": "247 248",
    "TERM": "249",
}
AGES = (
    (2, 4),
    (5, 9),
    (10, 14),
    (15, 20),
    (21, 24),
    (25, 29),
    (30, 34),
    (35, 39),
    (40, 44),
    (45, 49),
    (50, 54),
    (55, 59),
)


@cache
def peers_hccs() -> dict[str, str]:
    """HCC of each diagnosis code with one, by hccpy's mapping of 2022."""
    found: dict[str, set[str]] = {}
    for line in _lines("CY22F07A_FY 2022 ICD10.TXT"):
        code, hcc = line.split("\t")[:2]
        found.setdefault(code.strip(), set()).add(hcc.strip().replace(".", "_"))
    return {code: hccs.pop() for code, hccs in found.items() if len(hccs) == 1}


@cache
def peers_hierarchy() -> dict[str, set[str]]:
    """HCCs that each HCC removes, by the SAS macro V07141H1 as hccpy has it."""
    found = {}
    text = " ".join(_lines("V07141H1.TXT"))
    for part in text.split("%SET0(CC=")[1:]:
        parent, _, rest = part.partition(",")
        inside = rest[rest.index("%STR(") + 5 :]
        found[parent.strip().replace(".", "_")] = {
            one.strip().replace(".", "_") for one in inside[: inside.index(")")].split(",")
        }
    return found


def _lines(name: str) -> list[str]:
    return resources.files("hccpy").joinpath("data", name).read_text(encoding="latin-1").splitlines()


def score(age: int, sex: str, months: int, codes: list[str], rxcs: set[int]) -> float:
    """The raw score of a silver enrollee of 2025."""
    hccs = {peers_hccs()[code] for code in codes}
    hccs -= {child for parent in hccs for child in peers_hierarchy().get(parent, ())}
    population = "adult" if age >= 21 else "child" if age >= 2 else "infant"
    terms = _infant(age, sex, hccs) if population == "infant" else _others(population, age, sex, months, hccs)
    if population == "adult":
        terms += _drugs(hccs, rxcs - ({7} if 6 in rxcs else set()))
    return sum(SILVER_2025[population].get(term, 0.0) for term in terms)


def _others(population: str, age: int, sex: str, months: int, hccs: set[str]) -> list[str]:
    last = next((f"{low}_{high}" for low, high in AGES if low <= age <= high), "60_GT")
    group = {
        hcc: name
        for name, members in (word.split(":") for word in GROUPS[population].split())
        for hcc in members.split(",")
    }
    items = {group.get(hcc, hcc) for hcc in hccs}
    # What the population's model leaves out is neither weighed nor counted.
    items -= {"28", "64"} if population == "adult" else {"22", "64", "174"}
    count = len(items - {"22"})
    own = OF_POPULATION[population].split()
    terms = [f"{sex}AGE_LAST_{last}", *(item if item[0] == "G" else _name(item) for item in items)]
    if items & {*SEVERE.split(), *own}:
        if population == "adult":
            terms.append(f"SEVERE_HCC_COUNT{count}" if count < 10 else "SEVERE_HCC_COUNT10PLUS")
        else:
            terms.append(f"SEVERE_HCC_COUNT{count if count < 6 else '6_7' if count < 8 else '8PLUS'}")
    if items & {*TRANSPLANT.split(), *own}:
        if population == "adult" and count >= 4:
            terms.append(f"TRANSPLANT_HCC_COUNT{count if count < 8 else '8PLUS'}")
        elif count >= 4:
            terms.append("TRANSPLANT_HCC_COUNT4PLUS")
    if population == "adult" and count and months <= 6:
        terms.append(f"HCC_ED{months}")
    return terms


def _name(hcc: str) -> str:
    number, _, part = hcc.partition("_")
    return f"HHS_HCC{int(number):03d}" + (f"_{part}" if part else "")


def _drugs(hccs: set[str], rxcs: set[int]) -> list[str]:
    terms = [f"RXC_{rxc:02d}" for rxc in rxcs]
    for term, factors in DRUGS.items():
        if int(term[4:6]) in rxcs and all(hccs & set(factor.split()) for factor in factors):
            terms.append(term)
    return terms


def _infant(age: int, sex: str, hccs: set[str]) -> list[str]:
    severity = next((level for level, members in SEVERITY.items() if hccs & set(members.split())), 1)
    born = next((name for name, members in MATURITY.items() if hccs & set(members.split())), "AGE1")
    maturity = born if age == 0 else "AGE1"
    terms = [f"{maturity}_X_SEVERITY{severity}"]
    return terms + ([f"AGE{1 if maturity == 'AGE1' else 0}_MALE"] if sex == "M" else [])
