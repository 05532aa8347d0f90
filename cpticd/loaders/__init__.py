"""Loaders: each turns files of one kind into canonical tables and rejects; ``read`` takes any mixture of them.

Names are loaded when first used: the processes that read X12 files start from this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cpticd.loaders.canonical import read_tables as read_tables
    from cpticd.loaders.cms.rif import read_rif as read_rif
    from cpticd.loaders.cms.synpuf import read_synpuf as read_synpuf
    from cpticd.loaders.fhir.reader import read_fhir as read_fhir
    from cpticd.loaders.flat.wide import read_wide as read_wide
    from cpticd.loaders.looks import look as look
    from cpticd.loaders.registry import read as read
    from cpticd.loaders.tuva.reader import read_tuva as read_tuva
    from cpticd.loaders.x12.reader import read_x12 as read_x12

_HOMES: Final = {
    "look": "cpticd.loaders.looks",
    "read": "cpticd.loaders.registry",
    "read_fhir": "cpticd.loaders.fhir.reader",
    "read_rif": "cpticd.loaders.cms.rif",
    "read_synpuf": "cpticd.loaders.cms.synpuf",
    "read_tables": "cpticd.loaders.canonical",
    "read_tuva": "cpticd.loaders.tuva.reader",
    "read_wide": "cpticd.loaders.flat.wide",
    "read_x12": "cpticd.loaders.x12.reader",
}

__all__ = [*_HOMES]  # noqa: PLE0604 - names, one by one above


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cpticd.loaders' has no attribute {name!r}; public names are {__all__}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
