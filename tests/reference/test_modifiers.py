"""Modifiers: what they say of side, place and separate service."""

from __future__ import annotations

from cpticd import reference

#: The modifiers of the NCCI Policy Manual, chapter I, section E: anatomic, global surgery, other.
NCCI = """
    E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LT RT LC LD RC LM RI
    24 25 57 58 78 79
    27 59 91 XE XS XP XU
"""


def test_those_that_bypass_ncci_pairs_are_the_manuals() -> None:
    found = reference.table("modifiers").to_pandas()
    assert set(found.loc[found["bypasses_ncci"], "modifier"]) == set(NCCI.split())


def test_sides_and_digits() -> None:
    found = reference.table("modifiers").to_pandas().set_index("modifier")
    assert found.loc[["LT", "RT", "50"], "side"].tolist() == ["left", "right", "both"]
    assert found.loc[["FA", "F4", "F5", "F9", "TA", "T5"], "side"].tolist() == [
        "left",
        "left",
        *["right"] * 2,
        "left",
        "right",
    ]
    assert found.loc[["FA", "F5", "F1", "TA", "T9"], "anatomy"].tolist() == [
        "thumb", "thumb", "second finger", "great toe", "fifth toe",
    ]  # fmt: skip
    digits = found[found["anatomy"].str.contains("finger|thumb|toe|eyelid")]
    assert len(digits) == 24 and not digits.duplicated(["side", "anatomy"]).any()
    assert set(found["side"]) == {"", "left", "right", "both"}
    assert not found.loc[["LC", "RC"], "side"].any()
