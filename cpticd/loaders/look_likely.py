"""What columns without a meaning are likely to be, by their names and their cells: proposals, for a person to check."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from cpticd.loaders import closing

#: Meaning, and what a name of such a column holds; where nothing else gives it, the first that fits.
_NAMES: Final = (
    ("claim_id", r"claim|clm|icn|dcn|tcn|account|acct|encounter|invoice|control|har|csn|visit|voucher|ticket|"
     r"bill (id|no|number)"),
    ("person_id", r"(patient|pat|pt|member|mbr|subscriber|bene|person|enrol\w*) ?(id|no|num|number|key|account)|mrn|"
     r"patient|member"),
    ("payer", r"payer|payor|insur\w*|ins|carrier|plan|health ?plan"),
    ("claim_line_start_date", r"dos|(service|svc|srv|visit|from) ?(date|dt)|date of service"),
    ("hcpcs_code", r"cpt\w*|hcpcs|proc\w*|(service|svc) ?code"),
    ("diagnosis_codes", r"dx\w*|diag\w*|icd\w*"),
    ("charge_amount", r"charges?|charged|billed|submitted|gross"),
    ("paid_amount", r"paid|payments?|pmt|reimburse\w*"),
    ("carc_1", r"carc|den(y|ial|ied) ?(code|reason)|reason( code)?|adj\w* ?code"),
)  # fmt: skip
#: Meanings that cells tell by their shape, where every one that was looked at has it.
_CELLS: Final = {
    "hcpcs_code": r"[A-CEGHJ-MP-V]\d{4}|\d{4}[0-9A-Z]",
    "diagnosis_codes": r"[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4}|[0-9A-Z]{0,4})",
    "carc_1": r"(?:CO|PR|OA|PI)[- ]?[A-Z]?\d{1,3}.*",
}
_BY_NAME, _BY_CELLS = "by its name", "by its cells"
#: What else a column that names the claim may be taken for.
_NEXT: Final = ("payer_claim_id", "original_payer_claim_id")


def likely(columns: pd.DataFrame, gave: frozenset[str]) -> dict[str, tuple[str, str]]:
    """Column → what it may mean, and by what, for facts that nothing gives. ``columns`` are those of a look."""
    rows = columns[columns["examples"].ne("") & ~columns["why"].str.contains("cells", regex=False)]
    unread: dict[str, str] = dict(
        rows.loc[rows["read_as"].eq(""), ["column", "examples"]].itertuples(index=False)
    )
    found: dict[str, tuple[str, str]] = {}
    for ours, words in _NAMES:
        if ours in gave or any(closing.is_given(each, gave) for each in closing.FACTS if _gives(each, ours)):
            continue
        free = [name for name in unread if name not in found]
        if ours == "claim_id":
            free = rows.loc[rows["read_as"].isin(_NEXT), "column"].tolist() + free
        named = [name for name in free if re.search(rf"\b(?:{words})\b", _plain(name))]
        shaped = [name for name in free if ours in _CELLS and _all(_CELLS[ours], unread.get(name, ""))]
        both = [name for name in named if ours not in _CELLS or name in shaped] or shaped or named
        for number, name in enumerate(both if ours == "diagnosis_codes" else both[:1], start=1):
            meaning = f"diagnosis_code_{number}" if ours == "diagnosis_codes" and len(both) > 1 else ours
            found[name] = meaning, _BY_NAME if name in named else _BY_CELLS
    return found


def _gives(fact: closing.Fact, ours: str) -> bool:
    return ours in fact.columns or re.sub(r"\d+$", "@", ours) in fact.columns


def _plain(name: str) -> str:
    """A name as lower-case words; digits stand apart from letters."""
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[A-Za-z])(?=\d)", " ", apart)).strip().lower()


def _all(shape: str, examples: str) -> bool:
    return bool(examples) and all(re.fullmatch(shape, each.strip().upper()) for each in examples.split(" | "))
