"""What the last cell of a copied notebook tells of where its page stands: JSON, from what the explorer gives back."""

from __future__ import annotations

import itertools
import json
from typing import Any

import cpticd as cx
from cpticd.charts import format as fmt
from cpticd.explore.preparing import in_voila

__all__ = ["denials", "in_voila", "risk", "rules", "two_ledgers", "worklist"]

_turn = itertools.count(1)


def _told(explorer: Any, **tiles: str) -> str:
    """``tiles``: what the page must show, worked out here."""
    facts = {"turn": next(_turn), "values": explorer.values, "chosen": explorer.chosen,
             "rows": len(explorer.data), "said": explorer.said(), "figure": explorer.figure.layout.title.text,
             "tiles": {label.replace("_", " "): value for label, value in tiles.items()}}  # fmt: skip
    return json.dumps(facts, default=str)


def denials(explorer: Any, claims: Any) -> str:
    kept = cx.denials.rates(claims.where(**explorer.selection))
    # Only where nothing else than lines is chosen is this what the page must show.
    alone = set(explorer.chosen) <= {"payer", "dates", "place", "billing_npi"}
    tiles = {"Adjudicated_lines": fmt.count(kept["n"].sum()), "Denied_lines": fmt.count(kept["denied"].sum())}
    return _told(explorer, **(tiles if alone else {}))


def risk(explorer: Any, claims: Any) -> str:
    return _told(explorer)


def rules(explorer: Any, claims: Any) -> str:
    return _told(explorer, Findings=fmt.count(len(explorer.findings)))


def two_ledgers(explorer: Any, claims: Any) -> str:
    return _told(explorer)


def worklist(explorer: Any, claims: Any) -> str:
    return _told(explorer, Open_denials=fmt.count(len(explorer.data)))
