"""Words of flat files: statuses, pointers, groups, code types; each distinct cell is read once."""

from __future__ import annotations

import re

from cpticd.loaders.flat import statuses

#: Claim status codes (CLP02) that a flat file's words stand for.
DENIED, REVERSED, PROCESSED, PENDING = "4", "22", "1", "pending"

#: A remark code (RARC) in upper-case text.
REMARK = r"\b(MA|N|M)[0-9]{1,4}\b"
#: Headings of amounts that were denied.
DENIED_AMOUNT = r"den(y|ied|ial)|disallow|not? ?cover|non[-_ ]?co?v|reject"
_GROUPS = {
    "contractual": "CO",
    "patient": "PR",
    "other": "OA",
    "payer": "PI",
    "payor": "PI",
    "correction": "CR",
}
_BETWEEN = r"[\s,:;|/&+^~.-]"  # what stands between pointers


def status(text: str) -> str | None:
    """CLP02 code of a status cell, ``pending`` where nothing is decided, None where its words are not known."""
    found, is_known = statuses.code(text)
    return found or (PENDING if is_known else None)


def is_partly_denied(text: str) -> bool:
    """Whether a status says that a part was denied, and another paid."""
    return statuses.state(text) == "partly denied"


def flag(text: str) -> bool:
    """Whether a denial flag is set."""
    folded = text.strip().lower()
    return folded in ("y", "yes", "true", "t", "1", "1.0", "d", "x") or folded.startswith("den")


def pointers(text: str, *, alone: bool = True) -> list[int] | None:
    """Diagnosis positions that a pointer cell names, None where it cannot be read.

    ``A,B``, ``AB``, ``1:2``, ``1,2``, ``A B`` are the first and second diagnosis. Digits without a
    separator are one pointer each, as on the paper form (``12`` is 1 and 2, ``1234`` all four), but
    ``10`` and ``11`` are the tenth and eleventh; where each pointer has a column of its own
    (``alone`` false) ``12`` is the twelfth.
    """
    folded = re.sub(r"\.0(?=$|,)", "", text.strip().upper()).strip("\",'[]() ")
    if not folded:
        return []
    if alone and folded.isdigit():
        if folded.startswith("0"):
            found = re.findall(r"\d{2}", folded) if len(folded) % 2 == 0 else []
        else:
            found = [folded] if folded == "11" else re.findall(r"10|[1-9]", folded)
        if "".join(found) != folded:
            return None
    elif re.fullmatch(rf"[A-Z](?:{_BETWEEN}*[A-Z])*{_BETWEEN}*", folded):
        found = re.findall(r"[A-Z]", folded)
    elif re.fullmatch(rf"\d{{1,2}}(?:{_BETWEEN}+\d{{1,2}})*{_BETWEEN}*", folded):
        found = re.findall(r"\d{1,2}", folded)
    else:
        return None
    positions = [ord(part) - 64 if part.isalpha() else int(part) for part in found]
    return positions if all(1 <= position <= 26 for position in positions) else None


def group(text: str) -> str | None:
    """Group code of a cell that holds one, or its words: CO, PR, OA, PI, CR; None where it holds neither."""
    folded = text.strip().lower()
    if found := next((code for word, code in _GROUPS.items() if folded.startswith(word)), None):
        return found
    begun = re.match(r"(co|pr|oa|pi|cr)(?![a-z])", folded)
    return begun[1].upper() if begun else None


def code_type(text: str) -> str | None:
    """icd-10-cm or icd-9-cm, from the usual ways to say so (``0`` and ``9`` are the paper form's)."""
    folded = re.sub(r"[^a-z0-9]", "", text.lower())
    if folded in ("0", "00", "10", "010", "icd10", "icd10cm", "icd010", "abk", "abf", "i10", "100", "x"):
        return "icd-10-cm"
    return "icd-9-cm" if folded in ("9", "09", "icd9", "icd9cm", "icd09", "bk", "bf", "i9", "90") else None


def procedure_type(text: str) -> str | None:
    """icd-10-pcs or icd-9-pcs, from the usual ways to say so."""
    folded = re.sub(r"[^a-z0-9]", "", text.lower())
    if folded in ("icd10pcs", "10pcs", "pcs", "bbr", "bbq"):
        return "icd-10-pcs"
    if folded in ("icd9pcs", "icd9proc", "br", "bq"):
        return "icd-9-pcs"
    found = code_type(text)
    return found and found.replace("-cm", "-pcs")


def claim_type(text: str) -> str | None:
    """professional or institutional."""
    folded = re.sub(r"[^a-z0-9]", "", text.lower())
    if re.match(r"prof|837p|cms1500|hcfa|1500|p$|physician|carrier|40$|71$|72$", folded):
        return "professional"
    if re.match(r"inst|837i|ub|hospital|facility|i$|inpatient|outpatient|fac$", folded):
        return "institutional"
    return None


#: Kinds of payers and the words that stand for them, folded; the first pattern that is found decides.
_KINDS = (
    ("workers compensation", r"work(er|man|men)s?comp|^wc$|^wcomp"),
    ("tricare or va", r"tricare|champ|veteran|^va$|military"),
    ("medicare advantage", r"medicareadv|advantage|^ma$|^mapd$|^mahmo$|^mappo$|medicarepartc|^partc$|medicarehmo"
     r"|medicareppo|medicarereplacement|medicaremanaged|managedmedicare|medicarerisk"),
    ("medicaid", r"^managedmedicaid|medicaid|^mcd$|^chip$|medicalassistance$"),
    ("medicare", r"^(original|traditional)?medicare(ffs|feeforservice|part[abd]|[abd])?$|^mcr$|^medicareab$|^mcare$"),
    ("marketplace", r"marketplace|exchange|^aca$|^qhp$|^hix$|affordablecare"),
    ("self pay", r"selfpay|^selfpaid$|uninsured|^cash$|privatepay|^selfinsuredpatient$"),
    ("commercial", r"commercial|^comm$|^com$|^private(insurance)?$|^employer|^group(health)?$|^bcbs$|bluecross"
     r"|blueshield"),
    ("other", r"^other$|^othergov|^auto(insurance)?$|^liability$|^nofault$|^charity(care)?$"),
)  # fmt: skip


def payer_kind(text: str) -> str | None:
    """Kind of a payer in the words of ``claims.payer_kind``; None where the words are of no known kind."""
    folded = re.sub(r"[^a-z0-9]", "", text.lower())
    return next((kind for kind, pattern in _KINDS if re.search(pattern, folded)), None)


def is_npi(text: str) -> bool:
    """Whether a text has the shape of a National Provider Identifier."""
    return re.fullmatch(r"[12]\d{9}(\.0)?", text.strip()) is not None


def is_taxonomy(text: str) -> bool:
    """Whether a text has the shape of a Health Care Provider Taxonomy code."""
    return re.fullmatch(r"\d{3}[0-9A-Z]{6}X", text.strip().upper()) is not None
