"""What a diagnosis code says and leaves open, by its official title and the codes beside it.

A code is unspecified where its official title says so (AHIMA's measure of unspecified coding: the title has
"unspecified" or "NOS"). That is a property of the words, not of the clinician: many unspecified codes have no
specific sibling, and many are right. So the table also says whether the list offers a more specific code, and what
is left open: the side, the severity, the acuity, the encounter.

Titles are those of the last release with titles (FY2021, FY2025, FY2026) in which the code was billable; the codes
beside it are those of that release. ``data/build_diagnosis_traits.py`` writes ``diagnosis_traits.parquet`` with
``derive``. Source of the titles: CDC/NCHS tabular list of ICD-10-CM (public domain).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import reference
from cpticd.core.code_form import Codes, normal
from cpticd.reference import icd10cm

CATEGORY_LENGTH: Final = 3
FULL_LENGTH: Final = 7
#: Columns of the table, in order.
COLUMNS: Final = (
    "diagnosis_code", "billable", "unspecified", "condition_unspecified", "alternative", "specific_sibling",
    "specific_codes", "specific_parent", "laterality", "other_side_code", "laterality_missing", "episode",
    "severity_missing", "acuity_missing", "episode_missing",
)  # fmt: skip

#: What a code can leave open, and the column that says so.
MISSING: Final = {
    "condition": "condition_unspecified",
    "laterality": "laterality_missing",
    "severity": "severity_missing",
    "acuity": "acuity_missing",
    "encounter": "episode_missing",
}
#: The release that the traits were read from, for contracts.
RELEASE: Final = (
    "ICD-10-CM titles of FY2021, FY2025 and FY2026, each code by the last of them in which it was billable"
)
_CLASSIFIED: Final = (
    "unspecified", "condition_unspecified", "alternative", "specific_sibling", "specific_codes", "laterality",
    "other_side_code", "laterality_missing", "episode", "severity_missing", "acuity_missing", "episode_missing",
)  # fmt: skip

#: "Not specified as recurrent" names what is absent; "not specified as acute or chronic" leaves it open.
_UNSPECIFIED: Final = re.compile(
    r"\bunspecified\b|\bnos\b|\bnot (?:otherwise )?specified\b(?! as (?:recurrent|traumatic|sjögren))"
)
#: Of one fetus the seventh character 0 is the right one: the title says nothing of what is not known.
_NOT_APPLICABLE: Final = re.compile(r"not applicable or unspecified")
#: Titles that hold for something specific as well as for what is unspecified.
_ALTERNATIVE: Final = re.compile(r"\w+,? (?:or|and) unspecified\b|\bnos or \w+")

#: Right and left that are no side of the body: of the one heart, aorta and colon, of a quadrant of the abdomen, and
#: the verb. A quadrant "of right breast" stays a side.
_NO_SIDE: Final = re.compile(
    r"accidentally left|\bleft (?:in|during)\b|\b(?:right|left)[- ](?:heart|ventric\w*|atri\w+|bundle|fascicular|"
    r"anterior (?:fascicular|descending)|posterior fascicular|aortic|coronary|circumflex|main coronary|sided|"
    r"superior vena cava|(?:upper|lower) quadrant)\b|normal vision (?:right|left) eye|\[(?:right|left)\]"
)
_SIDE: Final = re.compile(r"\b(?:right|left|unilateral)\b")
_SIDED: Final = re.compile(r"\b(?:right|left) ([\w()-]+)(?: ([\w()-]+))?")
_SIDE_OPEN: Final = re.compile(
    r"\bunspecified ([\w()-]+)(?:(?= ([\w()-]+)))?|\b([\w()-]+), unspecified(?=,|$)"
)
#: Words for a side or a paired part that never follow "right" or "left" in the list.
_PAIRED: Final = frozenset({"side", "laterality", "extremity", "lid"})
#: Of fingers the list says "single right finger", but "unspecified single finger".
_PAIRS: Final = frozenset({("single", "finger"), ("multiple", "fingers")})
#: What may follow a paired part without being part of its name.
_JOINTS: Final = frozenset(
    {"and", "or", "with", "without", "at", "of", "due", "in", "following", "affecting"}
)

_WORD: Final = re.compile(r"[\w-]+")
_EPISODE: Final = re.compile(r"\b(initial encounter|subsequent encounter|sequela)\b")
_EPISODES: Final = {
    "initial encounter": "initial",
    "subsequent encounter": "subsequent",
    "sequela": "sequela",
}

_SEVERITY_OPEN: Final = re.compile(
    r"\b(?:unspecified (?:severity|stage|degree|grade|class|depth)|(?:severity|stage|degree|grade) unspecified)\b"
)
_SEVERITY: Final = re.compile(
    r"\b(?:mild|slight|moderate|severe|profound|stage [0-9ivx]+[a-d]?|grade [0-9iv]+[a-b]?|(?<!angle's )class [0-9iv]+|"
    r"(?:first|second|third) degree)\b"
)
_ACUTE: Final = re.compile(r"\b(?:acute|subacute)\b")
_CHRONIC: Final = re.compile(r"\bchronic\b")
_ACUITY_OPEN: Final = re.compile(r"\b(?:un|not )specified(?: \w+)* as acute or chronic\b")
#: Codes whose severe or whose acute and chronic forms have categories of their own.
_SEVERITY_ELSEWHERE: Final = ("E46", "F32A")
_ACUITY_ELSEWHERE: Final = ("B19", "K37", "N05", "N19", "N419", "N739", "R52")
#: Words that say nothing of what the condition is.
_IDLE: Final = re.compile(
    r"\bunspecified whether [^,]*|\b(?:unspecified|not otherwise specified|nos|other|right|left|bilateral|of|the|with|"
    r"and|or|in|by|to|as|due)\b"
)


@cache
def diagnosis() -> pa.Table:
    """One row per billable ICD-10-CM code of any built-in release, in order of the codes.

    diagnosis_code        normal form
    unspecified           the official title says unspecified, NOS or not (otherwise) specified; "not specified as
                          recurrent" and "not applicable or unspecified" (of one fetus) do not count
    condition_unspecified the title leaves something else open than the side alone
    alternative           the title offers unspecified beside something specific ("chronic or unspecified ulcer",
                          "secondary and unspecified malignant neoplasm"): whether it is meant, the code does not say
    specific_sibling      of an unspecified code: its category has a billable code that is not unspecified, with the
                          same episode
    specific_codes        how many of them stand under ``specific_parent``, the nearest code above that has any
    specific_parent       that code; '' without one
    laterality            right, left, bilateral, unspecified (its category has codes with a side) or ''. The side of
                          a part that there is once (ventricle, bundle branch, colon, quadrant of the abdomen) is none
    other_side_code       the code with right and left exchanged; ''
    laterality_missing    laterality is unspecified
    episode               initial, subsequent, sequela by the seventh character; '' for other codes
    severity_missing      the title says unspecified severity, stage, degree, grade; or the condition is unspecified
                          and its category is divided by them (at least two levels)
    acuity_missing        the condition is unspecified, neither acute nor chronic, and its category, or another one
                          that is named for it, has both; or the title says "not specified as acute or chronic"
    episode_missing       false: a billable code has its seventh character (``incomplete`` has those without)
    """
    return _columns(_table().filter(_table()["billable"]))


@cache
def incomplete() -> pa.Table:
    """One row per code that lacks its seventh character, which is not billable: columns as of ``diagnosis``.

    ``episode_missing`` is true where that character would be the encounter.
    """
    return _columns(_table().filter(pa.compute.invert(_table()["billable"])))


def classify(codes: Codes, on: Any = None, *, folder: str | Path | None = None) -> pd.DataFrame:
    """One row per code given, in its order and with its index: what it says, and what it leaves open.

    code (normal form), title; valid and reason on the date of service ``on``, as ``icd10cm.valid`` says (one date, or
    one per code; without it the latest release judges); the columns of ``diagnosis()`` from unspecified to
    episode_missing, but for specific_parent; and missing, what is left open in words. A code without a title in the
    built-in releases has missing values. ``folder``: where added releases are.

    >>> import cpticd as cx
    >>> cx.reference.traits.classify(["S72.009A", "M17.11"])["missing"].tolist()
    ['condition, laterality', '']
    """
    given = normal(codes)
    judged = icd10cm.valid(given, on, folder=folder)
    found = of_codes(given.dropna().unique()).reindex(given.array)
    found.index = given.index
    flags = pd.DataFrame({name: found[column].fillna(False) for name, column in MISSING.items()})
    words = [", ".join(flags.columns[row]) for row in flags.to_numpy(bool)]
    result = pd.concat(
        [judged[["code"]], icd10cm.title(given), judged[["valid", "reason"]], found[list(_CLASSIFIED)]],
        axis=1,
    )
    return result.assign(missing=words)


def of_codes(codes: Any) -> pd.DataFrame:
    """One row per code in normal form that has traits, by code; flags are nullable."""
    wanted = pa.array(list(codes), pa.string())
    tables = (diagnosis(), incomplete())
    parts = [table.filter(pc.is_in(table["diagnosis_code"], value_set=wanted)) for table in tables]
    found = pa.concat_tables(parts).to_pandas().set_index("diagnosis_code")
    kinds = {"bool": "boolean", "int32": "Int64"}
    return found.astype({name: kinds.get(str(kind), "str") for name, kind in found.dtypes.items()})


def _columns(found: pa.Table) -> pa.Table:
    return found.select([column for column in COLUMNS if column != "billable"])


def _table() -> pa.Table:
    return reference.table("diagnosis_traits")


def derive(codes: pd.DataFrame) -> pd.DataFrame:
    """One row per billable code, and per code above it that lacks only the seventh character: ``COLUMNS``.

    ``codes`` is one release: code, billable, title of every code, header codes included. What a title means does
    not change from release to release, what stands beside a code does.
    """
    table = codes[["code", "billable", "title"]].drop_duplicates("code").sort_values("code")
    table = table.set_index("code")
    above = _above(table.index)
    title = table["title"].str.lower()
    short = _lacking(table, above)
    table = table.assign(title=title, above=above)[table["billable"] | short]
    title = table["title"]
    category = pd.Series(table.index.str[:CATEGORY_LENGTH], index=table.index)
    plain = title.str.replace(_NOT_APPLICABLE, " ", regex=True)
    unspecified = plain.str.contains(_UNSPECIFIED)
    side, rest = _sides(plain, unspecified, category)
    condition = rest.str.contains(_UNSPECIFIED)
    alternative = unspecified & ~plain.str.replace(_ALTERNATIVE, " ", regex=True).str.contains(_UNSPECIFIED)
    episode = _episodes(title)
    specific = _specific(table, unspecified, episode)
    found = pd.DataFrame(
        {
            "diagnosis_code": table.index,
            "billable": table["billable"],
            "unspecified": unspecified,
            "condition_unspecified": condition,
            "alternative": alternative,
            "specific_sibling": specific["count"] > 0,
            "specific_codes": specific["count"],
            "specific_parent": specific["parent"],
            "laterality": side,
            "other_side_code": _other_side(title, side, category),
            "laterality_missing": side == "unspecified",
            "episode": episode,
            "severity_missing": _severity_open(title, condition, rest, category),
            "acuity_missing": _acuity_open(title, condition, rest, category),
            "episode_missing": ~table["billable"] & _has_episodes(table, episode),
        }
    )
    return found[list(COLUMNS)].reset_index(drop=True)


def _above(index: pd.Index) -> pd.Series:
    """The code above each: the longest code that it begins with (placeholders X have no code of their own)."""
    known = set(index)
    above = [
        next((code[:end] for end in range(len(code) - 1, CATEGORY_LENGTH - 1, -1) if code[:end] in known), "")
        for code in index
    ]
    return pd.Series(above, index=index)


def _lacking(table: pd.DataFrame, above: pd.Series) -> pd.Series:
    """Codes that are not billable and whose next codes all have seven characters."""
    lengths = pd.Series(table.index.str.len(), index=table.index).groupby(above).min()
    return ~table["billable"] & (lengths.reindex(table.index) == FULL_LENGTH)


def _sides(title: pd.Series, unspecified: pd.Series, category: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The side that a title names, and the title without the words that leave a side open."""
    plain = title.str.replace(_NO_SIDE, " ", regex=True)
    right, left = plain.str.contains(r"\bright\b"), plain.str.contains(r"\bleft\b")
    both = plain.str.contains(r"\bbilateral\b|\bboth (?:eyes|ears)\b") | (right & left)
    sided = (right | left).groupby(category).transform("any")
    pairs = {found.groups() for text in plain[right | left] for found in _SIDED.finditer(text)} | _PAIRS
    alone = {first for first, second in pairs if second is None or second in _JOINTS} | _PAIRED
    opened: list[bool] = []
    rest: list[str] = []

    def paired(found: re.Match[str]) -> bool:
        if found[3]:
            return found[3] in alone
        return (found[1], found[2]) in pairs or (
            found[1] in alone and (found[2] is None or found[2] in _JOINTS or found[1] not in _ADJECTIVES)
        )

    # "Pain in arm, unspecified" leaves the side open and nothing else, since there is "pain in right arm"; of
    # "osteoarthritis of hip, unspecified" one cannot tell.
    told = plain[right | left].str.replace(_SIDE, " ", regex=True)
    beside = {f"{head} {_bag(text)}" for head, text in zip(category[told.index], told, strict=True)}
    for text, head, maybe in zip(plain, category, unspecified & sided, strict=True):
        only = maybe and f"{head} {_bag(_SIDE.sub(' ', text.replace(', unspecified', '')))}" in beside
        opened.append(maybe and any(paired(found) for found in _SIDE_OPEN.finditer(text)))
        rest.append(
            _SIDE_OPEN.sub(lambda m, o=only: " " if paired(m) and (o or not m[3]) else m[0], text)  # type: ignore[misc]
            if opened[-1]
            else text
        )
    side = np.select([both, right, left, np.array(opened)], ["bilateral", "right", "left", "unspecified"], "")
    return pd.Series(side, index=title.index), pd.Series(rest, index=title.index)


#: First words of paired parts that mean something else with another second word ("external genital organ").
_ADJECTIVES: Final = frozenset({"upper", "lower", "internal", "external", "middle", "anterior", "posterior"})


def _other_side(title: pd.Series, side: pd.Series, category: pd.Series) -> pd.Series:
    """The code of the same category with right for left and left for right; '' where there is not just one."""
    swap = {"right": "left", "left": "right"}
    one = title[side.isin(list(swap))]
    keys = [f"{head} {_bag(text)}" for head, text in zip(category[one.index], one, strict=True)]
    turned = one.str.replace(r"\b(right|left)\b", lambda found: swap[found[1]], regex=True)
    wanted = [f"{head} {_bag(text)}" for head, text in zip(category[one.index], turned, strict=True)]
    codes = pd.Series(one.index, index=keys)
    codes = codes[~codes.index.duplicated(keep=False)]
    other = pd.Series("", index=title.index)
    other[one.index] = codes.reindex(wanted).fillna("").to_numpy()
    return other


def _bag(title: str) -> str:
    """A title without what the list writes now one way and now another: commas, "of", nondominant."""
    return " ".join(
        word for word in _WORD.findall(title.replace("nondominant", "non-dominant")) if word != "of"
    )


def _episodes(title: pd.Series) -> pd.Series:
    """The episode that the seventh character of an injury, external cause or fracture tells."""
    long = title.index.str.len() == FULL_LENGTH
    found = title.str.extract(_EPISODE, expand=False).map(_EPISODES)
    return found.where(long).fillna("").astype(str)


def _has_episodes(table: pd.DataFrame, episode: pd.Series) -> pd.Series:
    """Codes below which the seventh character is the encounter."""
    with_one = set(table["above"][episode != ""])
    return pd.Series(table.index.isin(with_one), index=table.index)


def _specific(table: pd.DataFrame, unspecified: pd.Series, episode: pd.Series) -> pd.DataFrame:
    """Of each unspecified code: how many specific ones the nearest code above it has, and which code that is."""
    specific = table["billable"] & ~unspecified
    # Codes of one episode are compared: with the full title's ending, as open and closed fractures have their own.
    key = episode.where(episode == "", table.index.str[-1])
    count = pd.Series(0, index=table.index, dtype=np.int32)
    parent = pd.Series("", index=table.index)
    for length in range(FULL_LENGTH - 1, CATEGORY_LENGTH - 1, -1):
        head = pd.Series(table.index.str[:length], index=table.index)
        inside = table["above"].str.len() >= length
        number = (specific & inside).groupby([head, key]).transform("sum")
        new = unspecified & inside & (count == 0) & (number > 0)
        count = count.where(~new, number.astype(np.int32))
        parent = parent.where(~new, head)
    return pd.DataFrame({"count": count, "parent": parent})


def _severity_open(title: pd.Series, condition: pd.Series, rest: pd.Series, category: pd.Series) -> pd.Series:
    levels = title.str.extract(f"({_SEVERITY.pattern})", expand=False)
    divided = _divided(rest, condition & levels.isna(), levels, category)
    elsewhere = title.index.str.startswith(_SEVERITY_ELSEWHERE)
    return title.str.contains(_SEVERITY_OPEN) | divided | elsewhere


def _acuity_open(title: pd.Series, condition: pd.Series, rest: pd.Series, category: pd.Series) -> pd.Series:
    acute, chronic = title.str.contains(_ACUTE), title.str.contains(_CHRONIC)
    kind = pd.Series(np.select([acute & ~chronic, chronic & ~acute], ["acute", "chronic"], ""), title.index)
    wanted = condition & ~acute & ~chronic
    divided = _divided(rest, wanted, kind.where(kind != ""), category)
    elsewhere = wanted & title.index.str.startswith(_ACUITY_ELSEWHERE)
    return title.str.contains(_ACUITY_OPEN) | divided | elsewhere


def _divided(rest: pd.Series, wanted: pd.Series, level: pd.Series, category: pd.Series) -> pd.Series:
    """Codes of which the category has the same condition at two levels or more: their titles say all that its does."""
    own = category[wanted]
    with_levels = level[level.notna() & category.isin(own.unique())]
    words = {code: frozenset(_WORD.findall(_IDLE.sub(" ", rest[code]))) for code in own.index}
    beside: dict[str, list[tuple[frozenset[str], str]]] = {}
    for code, kind, text in zip(with_levels.index, with_levels, rest[with_levels.index], strict=True):
        beside.setdefault(code[:CATEGORY_LENGTH], []).append((frozenset(_WORD.findall(text)), kind))
    found = [
        len({kind for level_words, kind in beside.get(head, ()) if words[code] <= level_words}) > 1
        for code, head in zip(own.index, own, strict=True)
    ]
    return pd.Series(rest.index.isin(own.index[found]), index=rest.index)
