"""Why a page shows nothing, and which control or call would change that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cpticd.explore.board import Control


def said(title: str, *paragraphs: str) -> dict[str, Any]:
    """A part that says why there is nothing."""
    return {"kind": "text", "name": "dead-end", "title": title, "paragraphs": list(paragraphs)}


def no_decisions(lines: int) -> dict[str, Any]:
    """Claims without a single answer of a payer."""
    return said(
        "No payer has answered yet",
        f"None of {lines:,} lines has a decision, so nothing can be denied. Load the remittances (835s) with the "
        'claims: cx.read("claims/*.837", "remits/*.835"), and open the page on what it returns.',
    )


def nothing_passes(
    controls: Iterable[Control], values: Mapping[str, Any], what: str = "No line"
) -> dict[str, Any]:
    """What is set, by the controls' own names, where together nothing passes."""
    named = set_of(controls, values)
    if not named:
        return said(f"{what} is there", "No filter is set: these claims hold none.")
    return said(f"{what} passes", f"Set are {'; '.join(named)}. Open one of them, or press Undo or Reset.")


def set_of(controls: Iterable[Control], values: Mapping[str, Any]) -> list[str]:
    """The controls that are set otherwise than at first, with what they are set to."""
    return [
        f"“{control.label}” ({_words(control, values[control.name])})"
        for control in controls
        if control.kind != "button" and values[control.name] != control.value
    ]


def _words(control: Control, value: Any) -> str:
    if control.kind == "dates":
        return " to ".join(one or "…" for one in value)
    labels = {str(each): label for each, label in control.options}
    several = value if isinstance(value, list) else [value]
    return ", ".join(labels.get(str(one), str(one)) for one in several)


def too_few(label: str, least: int, largest: int) -> str:
    """Where lines are there, but no pair has enough of them."""
    there = f"; the largest has {largest:,}" if largest else ""
    return f"No pair has {least:,} lines{there}: set “{label}” lower, or open a filter."
