"""What official files are by their content: the layouts whose signs they bear.

OPPS Addendum B is a list of HCPCS codes and of their status: which is meant, its user says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cpticd.core.errors import InputError
from cpticd.reference.layouts import (
    coverage,
    drug_classes,
    fee_schedule,
    hcpcs,
    mce,
    medicare_services,
    ncci_addon,
    ncci_mue,
    ncci_ptp,
    rbcs,
)
from cpticd.reference.layouts.files import Source, sources


def _headings(file: Source, *forms: str) -> bool:
    """Whether one of the first rows has a heading of each form."""
    return any(
        all(any(cell and re.search(form, cell, re.IGNORECASE) for cell in cells) for form in forms)
        for _, cells in file.head()
    )


def _is_order(file: Source) -> bool:
    return (
        not file.is_book
        and re.search(r"(?m)^\d{5} [A-Z][0-9A-Z]{2,6} *[01] \S", file.text()[:4_000]) is not None
    )


def _is_cpt(file: Source) -> bool:
    texts = [
        cells for _, cells in file.head() if len(cells) == 2 and re.fullmatch(r"[0-9]{4}[0-9AFMTU]", cells[0])
    ]
    return len(texts) > 0 and all(re.search("[a-z]{3}", cells[1], re.IGNORECASE) for cells in texts)


#: Whether a file is of a kind, the surest first. A list of CPT codes is known by nothing but its two columns.
_TELLS: Final[dict[str, Callable[[Source], bool]]] = {
    "icd10cm_tabular": lambda file: b"<ICD10CM.tabular" in file.data[:2_000],
    "icd10cm_order": _is_order,
    "icd10cm_conversion": lambda file: _headings(file, "^current", "^effective", "^previous"),
    "poa_exempt": lambda file: "poa" in file.name.lower() and _headings(file, "code"),
    "ncci_ptp": ncci_ptp.tells,
    "ncci_mue": ncci_mue.tells,
    "ncci_addon": ncci_addon.tells,
    "fee_schedule": fee_schedule.tells,
    "rbcs": rbcs.tells,
    "medicare_services": medicare_services.tells,
    "hcpcs": hcpcs.tells,
    "opps": lambda file: _headings(file, "^HCPCS", "^(SI|Status ?Indicator)$"),
    "mce": mce.tells,
    "coverage": coverage.tells,
    "drug_classes": drug_classes.tells,
    "contract_rates": lambda file: _headings(
        file, "^(hcpcs|cpt)?_?(code)?$", "^(allowed(_amount)?|amount|fee|rate)$"
    ),
    "cpt": _is_cpt,
}


#: Kinds whose few signs other files bear too.
_LAST: Final = ("contract_rates", "cpt")


def unpacked(paths: Sequence[Path]) -> list[Source]:
    """The files in the paths, out of their zip files."""
    found = [source for path in paths for source in sources(path)]
    if not found:
        raise InputError(f"{paths[0]}: nothing in it; download it again")
    return found


def kinds(files: Sequence[Source]) -> list[str]:
    """The kinds of which there is a file; those of few signs only where there is no other."""
    found = [kind for kind, tells in _TELLS.items() if any(tells(file) for file in files)]
    return [kind for kind in found if kind not in _LAST] or found
