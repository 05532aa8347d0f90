"""cpticd: US healthcare claims, paired by diagnosis and procedure, joined to what payers really did.

    import cpticd as cx

    claims = cx.demo()                     # or cx.read("inbox/*.837", "remits/*.835")
    claims.accounting()                    # nothing lost
    cx.denials.causes(claims)              # root causes
    cx.denials.by_pair(claims)             # which diagnosis x procedure pairs are denied, and why
    cx.rules.check(claims)                 # lines that break a coding rule, by the rules of their date
    cx.risk.gaps(claims, year=2025)        # conditions that the claims suggest and that are not coded

Names are loaded when first used, so that importing costs nothing that is not needed.
"""

from __future__ import annotations

from importlib import import_module

#: As typing has it, whose import takes longer than all else here: until then no interruption is listened for.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from cpticd import charts as charts
    from cpticd import codes as codes
    from cpticd import denials as denials
    from cpticd import disclosure as disclosure
    from cpticd import explore as explore
    from cpticd import patterns as patterns
    from cpticd import reference as reference
    from cpticd import risk as risk
    from cpticd import rules as rules
    from cpticd import simulation as simulation
    from cpticd import specificity as specificity
    from cpticd import stats as stats
    from cpticd.claims import Claims as Claims
    from cpticd.claims import open as open
    from cpticd.claims import pairs as pairs
    from cpticd.core.contract import contract as contract
    from cpticd.core.errors import CpticdError as CpticdError
    from cpticd.core.limits import settings as settings
    from cpticd.disclosure import set_disclosure as set_disclosure
    from cpticd.loaders.canonical import read_tables as read_tables
    from cpticd.loaders.cms.rif import read_rif as read_rif
    from cpticd.loaders.cms.synpuf import read_synpuf as read_synpuf
    from cpticd.loaders.fhir.reader import read_fhir as read_fhir
    from cpticd.loaders.flat.wide import read_wide as read_wide
    from cpticd.loaders.growing.store import store as store
    from cpticd.loaders.looks import look as look
    from cpticd.loaders.registry import read as read
    from cpticd.loaders.tuva.reader import read_tuva as read_tuva
    from cpticd.loaders.x12.reader import read_x12 as read_x12
    from cpticd.reporting import report as report
    from cpticd.simulation import demo as demo
    from cpticd.simulation import simulate as simulate

__version__ = "0.1.0"

#: Where each public name that is no module of its own lives.
_HOMES: Final[dict[str, str]] = {
    "Claims": "cpticd.claims",
    "CpticdError": "cpticd.core.errors",
    "contract": "cpticd.core.contract",
    "demo": "cpticd.simulation",
    "look": "cpticd.loaders.looks",
    "open": "cpticd.claims",
    "pairs": "cpticd.claims",
    "read": "cpticd.loaders.registry",
    "read_fhir": "cpticd.loaders.fhir.reader",
    "read_rif": "cpticd.loaders.cms.rif",
    "read_synpuf": "cpticd.loaders.cms.synpuf",
    "read_tables": "cpticd.loaders.canonical",
    "read_tuva": "cpticd.loaders.tuva.reader",
    "read_wide": "cpticd.loaders.flat.wide",
    "read_x12": "cpticd.loaders.x12.reader",
    "report": "cpticd.reporting",
    "set_disclosure": "cpticd.disclosure",
    "settings": "cpticd.core.limits",
    "simulate": "cpticd.simulation",
    "store": "cpticd.loaders.growing.store",
}
_MODULES: Final = (
    "charts",
    "codes",
    "denials",
    "disclosure",
    "explore",
    "patterns",
    "reference",
    "reporting",
    "risk",
    "rules",
    "simulation",
    "specificity",
    "stats",
)

__all__ = [*_HOMES, *_MODULES, "__version__"]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"cpticd.{name}")
    else:
        raise AttributeError(f"module 'cpticd' has no attribute {name!r}; public names are {__all__}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
