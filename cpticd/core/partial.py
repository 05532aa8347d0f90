"""What a data set holds a part of, and what can therefore not be derived from it.

A loader enters the fact in ``rejects``, where it is read, saved and opened with the data set; analyses ask here.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow.compute as pc

from cpticd.core.errors import ArgumentError

#: How the entry of rejects begins by which a data set says that it holds denials alone.
ONLY_DENIALS: Final = "denials alone"
#: Analyses that hold denials against what was paid, or against all that was billed.
_OF_ALL: Final = frozenset(
    {
        "denials.by_pair", "denials.decisions", "denials.drivers", "denials.first_pass", "denials.kpis",
        "explore.denials", "denials.primary", "denials.rates", "denials.trend", "denials.write_off", "rules.residual",
        "rules.residual_months", "rules.scorecard", "specificity.effect", "specificity.two_ledgers",
    }
)  # fmt: skip


def only_denials(claims: Any) -> str:
    """The entry that says that every line of these claims is a denial; empty where none does."""
    rejects = getattr(claims, "_rejects", None)
    if rejects is None or not rejects.num_rows:
        return ""
    said = rejects.filter(pc.fill_null(pc.starts_with(rejects["reason"], ONLY_DENIALS), False))
    return said["reason"][0].as_py() if said.num_rows else ""


def next_calls(claims: Any) -> str:
    """What to ask of these claims first, as calls."""
    asked = ("causes", "open") if only_denials(claims) else ("rates", "by_pair")
    calls = ", ".join(f"cx.denials.{each}(claims)" for each in asked)
    return f".accounting(), {calls}, cx.report(claims, path)"


def check_whole(name: str, claims: Any) -> None:
    """Raise ArgumentError where analysis ``name`` needs what was paid, and the claims are denials alone."""
    if name in _OF_ALL and only_denials(claims):
        raise ArgumentError(
            f"{name}: this data set is a list of {ONLY_DENIALS}: nothing in it was paid, so that every rate would be "
            "100%; read it with the claims that were paid, or ask what a list of denials answers: "
            "cx.denials.causes(claims), cx.denials.open(claims, as_of=…)"
        )
