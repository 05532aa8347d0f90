"""Explorers: pages of filters, charts and tables in a notebook; they compute nothing, an analysis does.

    page = cx.explore.denials(claims)                                   # or of claims.where(…)
    page.choose(payer="Aspen Medicare", dates=("2024-01", "2024-06"))   # what a reader's click does, in code
    page.selection                                                      # criteria: claims.where(**page.selection)
    page.claims                                                         # the lines that are shown, for any analysis
    page.data, page.figure                                              # the ranked rows, the main chart
    page.chosen, page.state                                             # all that was chosen; as JSON, to come back to
    page.link, page.code                                                # the same as a link, and as a line of code
    page.undo(), page.reset()                                           # a step back; all filters open
    page.export("lines.csv")                                            # through disclosure control

``risk`` is given the year of service that it opens with, ``two_ledgers`` its gaps or their year; ``worklist`` has the
open denials, with notes. In a notebook a page opens at once, and says what is still worked out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cpticd.explore.denials_explorer import denials as denials
    from cpticd.explore.risk_explorer import risk as risk
    from cpticd.explore.rules_explorer import rules as rules
    from cpticd.explore.two_ledgers_explorer import two_ledgers as two_ledgers
    from cpticd.explore.worklist_explorer import worklist as worklist

#: Explorers, each in the module of its name; loaded when first used, since importing widgets takes a while.
__all__: Final = ["denials", "risk", "rules", "two_ledgers", "worklist"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cpticd.explore' has no attribute {name!r}; public names are {__all__}")
    value = getattr(import_module(f"cpticd.explore.{name}_explorer"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
