"""What the columns of a flat claims export are called, and which canonical column each name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from cpticd.core.errors import SchemaError
from cpticd.loaders.flat import vocabulary

#: Most columns of one numbered family: diagnoses, procedures, reasons.
FAMILY_LIMIT = 25


def _entries(table: str) -> list[tuple[str, list[str]]]:
    """The entries of a table of words: what each stands for, and its words."""
    parts = (entry.partition(":") for entry in re.split(r"\n(?=\S)", table.strip()))
    return [(head, words.split()) for head, _, words in parts]


def _read() -> tuple[dict[str, tuple[str, int]], list[str]]:
    names: dict[str, tuple[str, int]] = {}
    for column, aliases in _entries(vocabulary.NAMES):
        for rank, alias in enumerate(aliases):
            names.setdefault(alias, (column, rank))
    for column, aliases in _entries(vocabulary.FIRST):
        for rank, alias in enumerate(aliases):
            names.setdefault(alias, (column, _OF_FIRST + rank))
    return names, [column for column, _ in _entries(vocabulary.NAMES)]


#: By how much a heading is less usual that means the first of a family, or whose words had to be written in full.
_OF_FIRST, _UNUSUAL = 100, 200
_ALIASES, _CANONICAL = _read()
_SHORT = {short: word for word, shorts in _entries(vocabulary.SHORT) for short in shorts}
#: Words of headings of amounts in cents.
_CENTS = {"in", "cents", "pennies", "minor", "unit", "units"}
#: The vocabulary of the flat form; ``_@`` stands for _1, _2… up to FAMILY_LIMIT (modifiers and pointers: 12).
VOCABULARY: tuple[str, ...] = tuple(_CANONICAL)


def is_canonical(name: str) -> bool:
    """Whether ``name`` is a column of the flat form."""
    if name in VOCABULARY:
        return "@" not in name
    family, _, number = name.rpartition("_")
    return f"{family}_@" in VOCABULARY and number.isdigit() and 1 <= int(number) <= FAMILY_LIMIT


def squeeze(name: str) -> str:
    """``"Claim #"`` → ``"claimnumber"``, ``"ICD-10 Dx 1"`` → ``"icddx@1"``: how names are compared."""
    text = re.sub(r"#", " number ", name.strip().lower())
    text = re.sub(r"^(\d)(st|nd|rd|th)\b(.*)$", r"\3 \1", text)
    text = re.sub(
        r"icd[\s_-]*(?:10|0?9)(?=[\s_-]*(?:cm|pcs)?(?:[\s_\-.]|[a-z]|$))[\s_-]*(?:cm)?", "icd ", text
    )
    text = re.sub(r"[^a-z0-9]+", " ", text).strip()
    number = re.search(r"(?<!\d)0?(\d{1,2})(?!\d)", text)
    squeezed = text.replace(" ", "")
    if number is None or not text[:1].isalpha():
        return squeezed
    marked = (text[: number.start()] + "@" + text[number.end() :]).replace(" ", "")
    return f"{marked}@{int(number[1])}"


@dataclass(frozen=True)
class Guess:
    """What one column of the user's was taken for."""

    column: str
    meaning: str | None  # canonical column, or None: not used
    why: str = ""
    kept: str = ""  # the attribute that it is kept as, as it stands
    is_sure: bool = True  # the user says so, or the column has the canonical name
    by_user: bool = False  # the user says so
    day_first: bool = False  # its dates have the day before the month
    written: str = ""  # how its amounts are written, where not as dollars with a decimal point
    note: str = ""  # what else must be known of how it is read

    @property
    def shown(self) -> str:
        """What becomes of the column, in words."""
        kept = f"kept as attribute {self.kept}" if self.kept else ""
        read = f"{self.meaning} ({self.note})" if self.meaning and self.note else self.meaning
        return ", ".join(filter(None, [read, kept])) or f"- not used: {self.why}"


def _in_full(name: str) -> str:
    """A heading with its words in full: ``CLM_NBR`` is claim number, ``SvcFromDt`` service from date."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip()).lower()
    return re.sub(r"[a-z]+", lambda word: _SHORT.get(word[0], word[0]), apart)


def words(name: str) -> list[str]:
    """The words of a heading, in full."""
    return re.findall(r"[a-z0-9]+", _in_full(name))


def is_cents(name: str) -> bool:
    """Whether a heading says that its amounts are whole cents."""
    return bool({"cents", "pennies"} & {*words(name)}) or "minor unit" in " ".join(words(name))


@lru_cache(4096)
def meaning(name: str) -> tuple[str, int] | None:
    """Canonical column that ``name`` usually means, and how unusual the name is (0: the canonical one)."""
    exact = re.sub(r"[\s_\-]+", "_", name.strip().lower())
    if is_canonical(exact):
        return exact, -1
    if found := _looked_up(name):
        return found
    found = _looked_up(_in_full(name))
    if found is None and is_cents(name):
        said = " ".join(word for word in words(name) if word not in _CENTS)
        found = meaning(said) if said else None
        found = found if found and "_amount" in found[0] else None
    return (found[0], found[1] + _UNUSUAL) if found else None


def _looked_up(name: str) -> tuple[str, int] | None:
    key = squeeze(name)
    if "@" not in key:
        return _ALIASES.get(key)
    marked, _, number = key.rpartition("@")
    if (found := _ALIASES.get(marked)) and "@" in found[0] and 1 <= int(number) <= FAMILY_LIMIT:
        return found[0].replace("@", number), found[1]
    return _ALIASES.get(re.sub(r"[^a-z0-9]", "", name.lower()))


def known(cells: Iterable[str]) -> int:
    """How many cells of a row are names that a flat claims file may have: distinguishes a header from data."""
    return sum(1 for cell in cells if cell.strip() and meaning(cell) is not None)


#: Meanings whose columns are numbered together, from 1 or from 0.
_TOGETHER = (
    ("group_code", "carc", "adjustment_amount", "adjustment", "rarc"),
    ("diagnosis_code", "diagnosis_poa"),
    ("diagnosis_pointer",),
    ("procedure_code", "procedure_date"),
    ("hcpcs_modifier",),
)


def _from_zero(columns: Iterable[str]) -> set[str]:
    """Families of meanings that are numbered from 0: as programs count."""
    families: set[str] = set()
    for column in columns:
        marked, _, number = squeeze(re.sub(r"(?<!\d)0(?!\d)", "1", column)).rpartition("@")
        zero = re.search(r"(?<!\d)0(?!\d)", re.sub(r"(?i)icd[\s_-]*(10|0?9)", "icd", column))
        found = _ALIASES.get(marked) if number == "1" and zero else None
        if found and found[0].endswith("_@"):
            families |= next({*each} for each in _TOGETHER if found[0][:-2] in each)
    return families


def meanings(columns: Iterable[str]) -> dict[str, tuple[str, int] | None]:
    """What each column usually means, where families that are numbered from 0 are numbered from 1."""
    columns = list(columns)
    families = _from_zero(columns)
    return {column: _shifted(column, families) if families else meaning(column) for column in columns}


def _shifted(column: str, families: set[str]) -> tuple[str, int] | None:
    number = re.search(r"(?<!\d)\d{1,2}(?!\d)", re.sub(r"(?i)icd[\s_-]*(10|0?9)", "icd-", column))
    found = meaning(column if number is None or int(number[0]) else re.sub(r"(?<!\d)0(?!\d)", "1", column))
    if found is None or number is None or found[0].rpartition("_")[0] not in families:
        return found
    family, _, place = found[0].rpartition("_")
    return f"{family}_{int(place) + (int(number[0]) > 0)}", max(found[1], 0)


def guess(
    columns: list[str],
    rename: Mapping[str, str | None] | None = None,
    *,
    exact: bool = False,
    refused: Mapping[tuple[str, str | None], str] | None = None,
    moved: Mapping[str, str] | None = None,
) -> list[Guess]:
    """One guess per column; ``rename`` (their name → canonical name, None: not used) overrides, ``exact`` takes
    canonical names only.

    Where two columns have the same meaning the one with the more usual name is taken, the other noted. ``refused``
    (column and meaning → why) are guesses that the columns' content contradicts, ``moved`` (column → meaning) what
    their content is instead. Raises SchemaError where ``rename`` names a meaning that does not exist.
    """
    renamed = _check_rename(columns, rename or {})
    refused, moved = refused or {}, moved or {}
    taken = {target: column for column, target in renamed.items() if target}
    usual = meanings(columns)
    shifted = _from_zero(columns)
    found: dict[str, tuple[str, int]] = {}
    for column in columns:
        each = (moved[column], 0) if column in moved else usual[column]
        if (
            each
            and column not in renamed
            and not (exact and each[1] >= 0)
            and (column, each[0]) not in refused
        ):
            found[column] = each
    ranked: dict[str, tuple[int, int]] = {}
    for place, column in enumerate(columns):
        if (each := found.get(column)) and each[0] not in taken:
            ranked[each[0]] = min(ranked.get(each[0], (each[1], place)), (each[1], place))
    guesses = []
    for place, column in enumerate(columns):
        name, rank = found.get(column, ("", 0))
        if column in renamed:
            why = "as rename says" if renamed[column] else "rename says that it is not used"
            guesses.append(Guess(column, renamed[column], why, by_user=True))
        elif not name:
            contradicted = next((why for (each, _), why in refused.items() if each == column), "")
            guesses.append(Guess(column, None, contradicted or "no known meaning"))
        elif name in taken:
            guesses.append(Guess(column, None, f"rename gives {name} to {taken[name]!r}"))
        elif ranked[name][1] == place:
            note = "numbered from 0" if name.rpartition("_")[0] in shifted else ""
            if column in moved:
                note = next((why for (each, _), why in refused.items() if each == column), "")
            guesses.append(Guess(column, name, is_sure=rank < 0, note=note))
        else:
            other = columns[ranked[name][1]]
            guesses.append(Guess(column, None, f"{other!r} was taken for {name}; use rename to choose"))
    return guesses if exact else _claims_named(guesses, refused)


#: What names the claim where no other column does, and what is said of it.
_INSTEAD = {
    "payer_claim_id": "the payer's number: no other column names the claim",
    "payment_id": "a voucher, a claim in some systems and a payment in others: no other column names the claim",
}


def is_voucher(name: str) -> bool:
    """Whether a heading speaks of a voucher: the claim as a practice system numbers it, or a payment."""
    return "voucher" in words(name)


def _claims_named(guesses: list[Guess], refused: Mapping[tuple[str, str | None], str]) -> list[Guess]:
    """The guesses; where no column names the claim its number at the payer does, as in extracts of payers, or else its
    voucher, as in practice systems."""
    if any(each.meaning == "claim_id" for each in guesses):
        return guesses
    for meaning, note in _INSTEAD.items():
        for place, each in enumerate(guesses):
            free = each.meaning == meaning and not each.by_user and (each.column, "claim_id") not in refused
            if free and (meaning != "payment_id" or is_voucher(each.column)):
                named = replace(each, meaning="claim_id", is_sure=False, note=note)
                return [*guesses[:place], named, *guesses[place + 1 :]]
    return guesses


def _check_rename(columns: list[str], rename: Mapping[str, str | None]) -> dict[str, str | None]:
    folded = {column.lower(): column for column in columns}
    renamed: dict[str, str | None] = {}
    for theirs, ours in rename.items():
        if theirs.lower() not in folded:
            continue  # another file of the same call may have it; read_wide checks that one does
        if ours is not None and not is_canonical(ours):
            raise SchemaError(
                f"rename: no column {ours!r} in the flat form; there are {', '.join(VOCABULARY)}; None: not used"
            )
        if ours is not None and ours in renamed.values():
            raise SchemaError(f"rename: two columns are called {ours!r}; keep one")
        renamed[folded[theirs.lower()]] = ours
    return renamed
