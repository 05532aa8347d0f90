"""What qualifiers and short codes of the 837 and the 835 stand for, as far as columns depend on them (our words)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

#: Claim filing indicators (SBR09, CLP06) by the kind of payer that they stand for; of others nothing is known.
_FILED: Final = {
    "medicare": ("MA", "MB"), "medicare advantage": ("16",), "medicaid": ("MC",),
    "commercial": ("12", "13", "14", "15", "17", "BL", "CI", "FI", "HM"), "tricare or va": ("CH", "VA"),
    "workers compensation": ("WC",), "self pay": ("09",), "other": ("11", "AM", "LI", "LM", "OF", "TV"),
}  # fmt: skip
#: The order of a payer (SBR01): primary, secondary, tertiary, the fourth to the eleventh.
_ORDER: Final = "PSTABCDEFGH"
#: Statuses of a claim (CLP02) by the order in which its payer decided; 19 to 21 were forwarded to the next payer.
_DECIDED: Final = {1: ("1", "19"), 2: ("2", "20"), 3: ("3", "21")}
#: Qualifiers of the composites of HI that hold a diagnosis; those of ICD-10 begin with A.
DIAGNOSES: Final = {
    "principal": ("ABK", "BK"), "other": ("ABF", "BF"), "admitting": ("ABJ", "BJ"), "reason for visit": ("APR", "PR"),
    "external cause": ("ABN", "BN"),
}  # fmt: skip
PROCEDURES: Final = ("BBR", "BBQ", "BR", "BQ")
PRINCIPAL_PROCEDURES: Final = ("BBR", "BR")
#: Other lists whose codes HI holds: groups, conditions, occurrences, values, treatments, anesthesia.
OTHER_LISTS: Final = ("BE", "BG", "BH", "BI", "BO", "BP", "CAH", "DR", "TC", "ABU", "ABV")
#: Qualifiers of codes of other lists than HCPCS: drugs and supplies, revenue, ICD and LOINC codes, home infusion,
#: jurisdictions, billing concepts. An unknown qualifier, as in files that were masked, says nothing.
NOT_HCPCS: Final = (
    "N1", "N2", "N3", "N4", "N5", "N6", "EN", "EO", "HI", "ON", "UA", "UI", "UK", "UN", "UP", "NU", "RB", "DX", "ID",
    "LB", "IV", "ER", "WK",
)  # fmt: skip
#: Units of which a quantity counts services: units, and days of a room. Minutes (MJ), grams and doses do not.
COUNTED: Final = ("UN", "DA")


def _listed(table: Mapping[str, tuple[str, ...]]) -> tuple[pa.Array, pa.Array]:
    codes = [code for codes in table.values() for code in codes]
    names = [name for name, codes in table.items() for _ in codes]
    return pa.array(codes), pa.array(names)


_FILING_CODES, _FILING_KINDS = _listed(_FILED)
_DIAGNOSIS_CODES, _DIAGNOSIS_KINDS = _listed(DIAGNOSES)
_ORDER_CODES = pa.array(list(_ORDER))
_STATUSES = pa.array([status for statuses in _DECIDED.values() for status in statuses])
_SEQUENCES = pa.array([order for order, statuses in _DECIDED.items() for _ in statuses], pa.int32())


def payer_kinds(filing: pa.Array) -> pa.Array:
    """The kind of payer that each claim filing indicator stands for."""
    return _FILING_KINDS.take(pc.index_in(filing, value_set=_FILING_CODES))


def diagnosis_kinds(qualifiers: pa.Array) -> pa.Array:
    """The kind of diagnosis of each qualifier of HI; null where it qualifies none."""
    return _DIAGNOSIS_KINDS.take(pc.index_in(qualifiers, value_set=_DIAGNOSIS_CODES))


def payer_orders(responsibility: pa.Array) -> pa.Array:
    """1 for P, 2 for S, 3 for T, 4 for A, …"""
    return pc.add(pc.index_in(responsibility, value_set=_ORDER_CODES), pa.scalar(1, pa.int32()))


def deciding_orders(statuses: pa.Array) -> pa.Array:
    """The order in which the payer decided, where the status of a claim says so."""
    return _SEQUENCES.take(pc.index_in(statuses, value_set=_STATUSES))
