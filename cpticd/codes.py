"""What a code is: its system, category, section and block, told by its form.

CPT's code list and descriptors belong to the American Medical Association: CPT codes are told by ranges of
numbers, and their sections carry names of our own. HCPCS Level II, ICD-10-CM, ICD-10-PCS and ICD-9-CM are in
the public domain. A CPT code is a procedure code, a procedure code need not be CPT. Nothing here says that a
code exists on a date, only which system it is written in.

Forms overlap. What settles them, in this order:

1. the stated ``code_type``, or what the name of its ``column`` says that it holds (``code_columns.csv``);
2. the dot: ``E88.09`` is ICD-10-CM, ``E880.9`` and ``250.00`` are ICD-9-CM, ``12.34`` an ICD-9-CM procedure,
   and no CPT or HCPCS code has one (``99213.0`` is a number that a spreadsheet wrote);
3. without either, five digits are CPT, and of a letter with four digits the list of ICD-10-CM decides: ``E1165`` is on
   it. Some 800 of those are HCPCS codes too (``J1100``, ``shared_codes.csv``), which the column ``also`` says. One
   that is not on it is HCPCS Level II where HCPCS uses that hundred (``E0601``), else a diagnosis;
4. between ICD-9-CM and ICD-10, the service date ``on``: ICD-9-CM before 2015-10-01, ICD-10 from that day on;
5. a default: letters are ICD-10-CM, except V with two to four digits (ICD-10-CM's V codes have seven
   characters) and E900 to E999, which are ICD-9-CM.

Two to four digits alone (``0450``, ``470``) may be a revenue code, a DRG, an ICD-9-CM code or a CPT code without its
zeros: unknown, unless type or column say which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd import reference
from cpticd.core.code_form import (
    ICD10_START,
    Codes,
    as_series,
    as_text,
    dotted,
    factorized,
    few_digits,
    modified,
    ndc,
    normal,
    normal_text,
)
from cpticd.core.errors import ArgumentError
from cpticd.reference.ranges import (
    cpt_section,
    hcpcs_group,
    hcpcs_letters,
    listed,
    pcs_sections,
    shared,
    within,
)

__all__ = [
    "CODE_TYPES",
    "COLUMNS",
    "ICD10_START",
    "UNKNOWN_FAMILY",
    "Codes",
    "classify",
    "diagnosis_family",
    "dotted",
    "normal",
    "procedure_family",
]

#: What ``code_type`` may be: a system, or what the column holds (``procedure``, ``hcpcs`` or ``diagnosis``).
CODE_TYPES: Final = (
    "procedure", "hcpcs", "cpt", "diagnosis", "icd-10-cm", "icd-9-cm", "icd-10-pcs", "icd-9-pcs",
    "revenue", "drg", "ndc", "cdt", "hipps",
)  # fmt: skip
#: The same without hyphens and case, and the short names in use: ICD10CM, icd_9, ICD-10.
_TYPE_NAMES: Final = {name.replace("-", ""): name for name in CODE_TYPES} | {
    "icd10": "icd-10-cm",
    "icd9": "icd-9-cm",
    "msdrg": "drg",
    **dict.fromkeys(("revenuecode", "revenuecenter"), "revenue"),
}
COLUMNS: Final = ("code", "system", "category", "section", "block", "also", "modifiers")
UNKNOWN_FAMILY: Final = "Unknown"

#: ICD-9-CM's procedures are part of ICD-9-CM; inside of this module they are kept apart.
_PUBLIC: Final = {"icd-9-pcs": "icd-9-cm"}

_CPT_CATEGORY: Final = {"F": "CPT II", "T": "CPT III", "U": "PLA", "M": "MAAA", "A": "CPT I"}
_CPT = re.compile(r"[0-9]{5}|[0-9]{4}[AFMTU]")
_HCPCS = re.compile(r"[A-Z][0-9]{4}")
_ICD10CM = re.compile(r"[A-Z][0-9A][0-9AB][0-9A-Z]{0,4}")
_ICD9CM = re.compile(r"[0-9]{3,5}|V[0-9]{2,4}|E[0-9]{3,4}")
_ICD9_PROCEDURE = re.compile(r"[0-9]{2,4}")
_ICD10PCS = re.compile(r"[0-9A-HJ-NP-Z]{7}")
_UNDATED_ICD9 = re.compile(r"[0-9]{3,5}|V[0-9]{2,4}|E9[0-9]{2,3}")
_CDT = re.compile(r"D[0-9]{4}")
_FEW_DIGITS = re.compile(r"[0-9]{1,4}")
#: ICD-10-CM's X codes of seven characters end like this; ICD-10-PCS's new technology (X) does not.
_EXTERNAL_CAUSE = re.compile(r"X[0-9][0-9A-Z]{3}X[ADS]")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")


def classify(
    codes: Codes, *, code_type: Any = None, column: str | None = None, on: Any = None
) -> pd.DataFrame:
    """One row per code given, in its order and with its index: code, system, category, section, block, also, modifiers.

    code       normal form: upper case, no dot, no blanks, no modifiers; a revenue code has four digits, a DRG three,
               an NDC eleven
    system     cpt, hcpcs, icd-10-cm, icd-10-pcs, icd-9-cm, revenue, drg, ndc, cdt, hipps or unknown
    category   CPT I, CPT II, CPT III, PLA, MAAA; HCPCS and its letter; of an ICD code the first three
               characters (ICD-9-CM: four of an E code, two of a procedure); of the others the system's name
    section    procedures: CPT section, HCPCS letter group, ICD-10-PCS section; diagnoses: the chapter's title
    block      ICD-10-CM only, such as E08-E13
    also       another system that has the same code, where neither type, column nor dot says which is meant
    modifiers  of a procedure code such as 99213-25, parted by blanks

    ``codes`` is a text, a list, an array or a Series. ``code_type`` (one of CODE_TYPES) and ``on`` (date of
    service) are each one value or one per code, missing where not known; ``column`` is the name of the column that
    they are from, which says their type where ``code_type`` does not. The module's text says how these settle codes
    that two systems could have written. A code that fits no system, or not the stated one, is ``unknown``. Raises
    ArgumentError for another code_type, a column whose name says nothing, a date that is none, or lengths that differ.

    >>> found = classify(["E1165", "J1100", "99213-25", "0450"])
    >>> found["system"].tolist(), found["also"].tolist()[1], found["modifiers"].tolist()[2]
    (['icd-10-cm', 'icd-10-cm', 'cpt', 'unknown'], 'hcpcs', '25')
    >>> classify("450", column="revenue_center_code")[["code", "system"]].values.tolist()
    [['0450', 'revenue']]
    """
    distinct, place, index = _systems(
        codes, code_type if column is None else _of_column(code_type, column), on
    )
    rows = [
        (code, _PUBLIC.get(system, system), *_describe(code, system), also, modifiers or None)
        for code, system, also, modifiers in distinct
    ]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    return pd.DataFrame(
        {name: as_series(values, place, index, name) for name, values in zip(COLUMNS, columns, strict=True)},
        index=index,
    )


def procedure_family(codes: Codes, *, code_type: Any = "procedure", on: Any = None) -> pd.Series:
    """One row per procedure code given: its section, such as "Surgery: musculoskeletal", or "Unknown"."""
    distinct, place, index = _systems(codes, code_type, on)
    families = [_describe(code, system)[1] or UNKNOWN_FAMILY for code, system, *_ in distinct]
    return as_series(families, place, index, "procedure_family")


def diagnosis_family(codes: Codes, *, code_type: Any = "diagnosis", on: Any = None) -> pd.Series:
    """One row per diagnosis code given: its ICD-10-CM chapter, such as "09 Circulatory", or "Unknown".

    An ICD-9-CM code gets the ICD-10-CM chapter of the same subject, so that one chart holds both. A missing
    ``code_type`` means "diagnosis".
    """
    if not isinstance(code_type, str):
        code_type = "diagnosis" if code_type is None else [as_text(kind) or "diagnosis" for kind in code_type]
    distinct, place, index = _systems(codes, code_type, on)
    families = [_family(code, system) or UNKNOWN_FAMILY for code, system, *_ in distinct]
    return as_series(families, place, index, "diagnosis_family")


# Input ------------------------------------------------------------------------------------------------------


def _systems(
    codes: Codes, code_type: Any, on: Any
) -> tuple[list[tuple[str | None, str, str | None, str]], np.ndarray, pd.Index]:
    """The distinct codes (by text, type, era) with system, other system, modifiers; which each row is; the index."""
    place, unique, index = factorized(codes)
    kinds = _code_types(code_type, len(index))
    early = _before_icd10(on, len(index))
    kind_place, kind_names = pd.factorize(np.array(kinds, dtype=object), use_na_sentinel=False)
    # One number per combination, so that a code is judged once for each type and era that it comes with.
    combined = ((place + 1) * len(kind_names) + kind_place) * 3 + early
    numbers, rows = np.unique(combined, return_inverse=True)
    distinct = []
    for number in numbers.tolist():
        rest, era = divmod(number, 3)
        code, kind = divmod(rest, len(kind_names))
        text = unique[code - 1] if code else ""
        distinct.append(_classify(text, as_text(kind_names[kind]), (None, True, False)[era]))
    return distinct, rows, index


def _code_types(code_type: Any, size: int) -> list[str | None]:
    values = _each(code_type, size, "code_type")
    known: dict[Any, str | None] = {}
    for value in set(values):
        name = _NOT_ALPHANUMERIC.sub("", (as_text(value) or "").lower())
        if name and name not in _TYPE_NAMES:
            raise ArgumentError(
                f"code_type: found {value!r}; it is one of {', '.join(CODE_TYPES)}, or missing"
            )
        known[value] = _TYPE_NAMES.get(name)
    return [known[value] for value in values]


def _of_column(code_type: Any, column: str) -> Any:
    """The code types, with that of the column's name where none is stated."""
    plain = column.strip().lower().replace(" ", "_").replace("-", "_")
    rows = reference.table("code_columns").to_pylist()
    kind = next((row["code_type"] for row in rows if row["word"] in plain), None)
    if kind is None:
        raise ArgumentError(
            f"column: {column!r} does not say what it holds; pass code_type=, one of {', '.join(CODE_TYPES)}"
        )
    if isinstance(code_type, str) or not isinstance(code_type, Iterable):
        return as_text(code_type) or kind
    return [as_text(each) or kind for each in code_type]


def _before_icd10(on: Any, size: int) -> np.ndarray:
    """0 where no date is known, 1 before ICD-10, 2 from its first day on."""
    if on is None:
        return np.zeros(size, dtype=np.int64)
    try:
        days = pd.to_datetime(pd.Series(_each(on, size, "on"), dtype=object), format="mixed", utc=True)
    except (ValueError, TypeError) as error:
        raise ArgumentError(f"on: not a date: {error}; pass dates, or text such as 2024-01-31") from error
    early = days < pd.Timestamp(ICD10_START, tz="UTC")
    return np.where(days.isna(), 0, np.where(early, 1, 2)).astype(np.int64)


def _each(value: Any, size: int, name: str) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [value] * size
    values = list(value)
    if len(values) != size:
        raise ArgumentError(f"{name}: {len(values)} values for {size} codes; pass one value, or one per code")
    return values


# System -----------------------------------------------------------------------------------------------------


def _classify(text: str, kind: str | None, icd9: bool | None) -> tuple[str | None, str, str | None, str]:
    """Normal form, system, another system that has it, and modifiers."""
    if kind is not None and kind in _FORMED:
        code = _FORMED[kind](text)
        return (code, kind, None, "") if code else (normal_text(text) or None, "unknown", None, "")
    modifiers = ""
    if kind in (None, "procedure", "hcpcs", "cpt"):
        text, modifiers = modified(text)
    code = normal_text(text)
    if not code:
        return None, "unknown", None, ""
    bare = "".join(text.split())
    dot = bare.find(".") if len(code) + bare.count(".") == len(bare) else -1
    if kind is None and (drug := ndc(text)) and "-" in text:
        return drug, "ndc", None, ""
    system = _system(code, kind, icd9, dot)
    if modifiers and system not in ("cpt", "hcpcs"):
        # A diagnosis has no modifiers.
        system = "hcpcs" if kind is None and hcpcs_group(code) else "unknown"
    return code, system, None if modifiers else _also(code, system, kind, dot, icd9), modifiers


def _also(code: str, system: str, kind: str | None, dot: int, icd9: bool | None) -> str | None:
    """The other system that has the code, where nothing but the code was given; of a HCPCS column D codes are CDT's."""
    if system == "hcpcs" and _CDT.fullmatch(code):
        return "cdt"
    if kind is None and dot < 0 and system == "icd-10-cm" and not icd9 and code in shared():
        return "hcpcs"
    return None


def _system(code: str, kind: str | None, icd9: bool | None, dot: int) -> str:
    system = "unknown"
    if kind in _STATED:
        fits, stated = _STATED[kind]
        system = stated if fits(code) else "unknown"
    elif kind == "procedure" or (kind is None and dot == 2):
        system = _procedure(code, icd9, dot)
    elif kind == "diagnosis" or (kind is None and (dot == 3 or (dot == 4 and code[0] == "E"))):
        system = _diagnosis(code, icd9, dot)
    elif kind is None and dot >= 0:
        pass  # no system has a dot there
    elif kind is None:
        system = _undotted(code, icd9)
    elif kind == "hcpcs" or _is_cpt(code):
        system = _cpt_or_hcpcs(code)
    return system


def _undotted(code: str, icd9: bool | None) -> str:
    """The system of a code of which nothing is known but its form and perhaps its date."""
    if _is_cpt(code):
        return "cpt"
    if _FEW_DIGITS.fullmatch(code):
        return "unknown"  # a revenue code, a DRG, ICD-9-CM, CPT without its zeros
    if not icd9 and code in listed():
        return "icd-10-cm"
    if hcpcs_group(code):
        return "hcpcs"
    if _is_pcs(code) and not _EXTERNAL_CAUSE.fullmatch(code):
        return "icd-10-pcs"
    return _diagnosis(code, icd9, -1)


def _procedure(code: str, icd9: bool | None, dot: int) -> str:
    system = _cpt_or_hcpcs(code) if dot < 0 else "unknown"
    if system == "unknown" and _is_pcs(code):
        return "icd-10-pcs"
    # Three and four digits without a dot may as well be a CPT code that lost its zeros: only the date tells.
    if system == "unknown" and _ICD9_PROCEDURE.fullmatch(code) and (dot == 2 or icd9):
        return "icd-9-pcs"
    return system


def _diagnosis(code: str, icd9: bool | None, dot: int) -> str:
    nine, ten = _ICD9CM.fullmatch(code) is not None, _ICD10CM.fullmatch(code) is not None
    if nine and ten:
        if code[0] == "E" and dot in (3, 4):  # E880.9 is ICD-9-CM, E88.09 is ICD-10-CM
            icd9 = dot == 4
        elif icd9 is None:
            icd9 = _UNDATED_ICD9.fullmatch(code) is not None
        return "icd-9-cm" if icd9 else "icd-10-cm"
    return "icd-9-cm" if nine else "icd-10-cm" if ten else "unknown"


def _is_cpt(code: str) -> bool:
    return _CPT.fullmatch(code) is not None and cpt_section(code) is not None


def _cpt_or_hcpcs(code: str) -> str:
    if _is_cpt(code):
        return "cpt"
    return "hcpcs" if _HCPCS.fullmatch(code) and code[0] in hcpcs_letters() else "unknown"


def _is_pcs(code: str) -> bool:
    return _ICD10PCS.fullmatch(code) is not None and code[1] in pcs_sections().get(code[0], ("", ""))[0]


#: A check of the form, and the system, of each code type that is a system.
_STATED: Final[dict[str | None, tuple[Callable[[str], Any], str]]] = {
    "icd-10-cm": (_ICD10CM.fullmatch, "icd-10-cm"),
    "icd-9-cm": (_ICD9CM.fullmatch, "icd-9-cm"),
    "icd-10-pcs": (_is_pcs, "icd-10-pcs"),
    "icd-9-pcs": (_ICD9_PROCEDURE.fullmatch, "icd-9-pcs"),
}


def _matching(form: str) -> Callable[[str], str | None]:
    return lambda text: normal_text(text) if re.fullmatch(form, normal_text(text)) else None


#: The normal form of a code of a system that is told by nothing but its column; None where it does not fit.
_FORMED: Final[dict[str, Callable[[str], str | None]]] = {
    "revenue": lambda text: few_digits(text, 4),
    "drg": lambda text: few_digits(text, 3),
    "ndc": ndc,
    "cdt": _matching(_CDT.pattern),
    "hipps": _matching(r"[0-9A-Z]{5}"),
}


# Category, section, block -----------------------------------------------------------------------------------


def _describe(code: str | None, system: str) -> tuple[str | None, str | None, str | None]:
    """Category, section and block."""
    category: str | None = None
    section: str | None = None
    block: str | None = None
    if code is None or system == "unknown":
        pass
    elif system in _FORMED:
        category, section = system.upper(), "Dental" if system == "cdt" else None
    elif system == "cpt":
        category, section = _CPT_CATEGORY.get(code[-1], "CPT I"), cpt_section(code)
    elif system == "hcpcs":
        category, section = f"HCPCS {code[0]}", hcpcs_letters()[code[0]]
    elif system == "icd-10-pcs":
        category, section = code[:3], pcs_sections()[code[0]][1]
    elif system == "icd-9-pcs":
        category = code[:2]
        section = within("icd9_procedure_chapters", category, "title")
    elif system == "icd-9-cm":
        category = code[:4] if code[0] == "E" else code[:3]
        section = within("icd9cm_chapters", category, "title")
    else:
        category = code[:3]
        section = within("icd10cm_chapters", category, "title")
        block = within("icd10cm_blocks", category, "block")
    return category, section, block


def _family(code: str | None, system: str) -> str | None:
    if code is None or system not in ("icd-10-cm", "icd-9-cm"):
        return None
    if system == "icd-10-cm":
        return within("icd10cm_chapters", code[:3], "family")
    return within("icd9cm_chapters", code[:4] if code[0] == "E" else code[:3], "family")


def __dir__() -> list[str]:
    return list(__all__)
