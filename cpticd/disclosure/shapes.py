"""What the columns of the analyses tell of whom: arguments of ``Release.add`` for their tables over Claims."""

from __future__ import annotations

from typing import Any, Final, Literal

from cpticd.core.errors import ArgumentError

#: Columns of a pair that speak of all its lines, and of its key alone; the others speak of its denials.
_PAIR_WHOLE: Final = ("lines", "persons", "comparison_lines")
_PAIR_DENIED: Final = (
    *(
        "denied_lines",
        "rate",
        "low",
        "high",
        "expected_rate",
        "shrunk_rate",
        "excess_denials",
        "lift",
        "p_value",
    ),
    *("q_value", "denied_amount", "excess_amount", "top_category", "top_carc"),
)
_FLAGS: Final = ("coding_related", "diagnosis_related", "preventable")
_PERIODS: Final = ("week", "month", "quarter")


def rates(
    by: tuple[str, ...] | str = (),
    *,
    measure: Literal["lines", "claims", "charge"] = "lines",
    clock: Literal["initial", "final"] = "initial",
) -> dict[str, Any]:
    """Arguments of :meth:`Release.add` for ``denials.rates`` by ``by``, of its measure and clock."""
    if measure not in ("lines", "claims", "charge") or clock not in ("initial", "final"):
        raise ArgumentError(
            f"measure={measure!r}, clock={clock!r}: expected lines, claims or charge; initial or final"
        )
    of = ("claim_" if measure == "claims" else "") + ("finally_" if clock == "final" else "")
    dollars = ("denied_amount", *(("rate", "low", "high") if measure == "charge" else ()))
    counts = ("denied", *(() if measure == "charge" else ("rate", "low", "high")))
    return {
        "by": by,
        "where": (f"{of}adjudicated", *(("mature",) if clock == "final" else ())),
        "numerators": {
            f"{of}denied": (*counts, *dollars),
            f"{of}partly_denied": ("partly_denied", *(dollars if measure == "charge" else ())),
        },
    }


def causes(by: tuple[str, ...] | str = ()) -> dict[str, Any]:
    """Arguments of :meth:`Release.add` for ``denials.causes`` by ``by``."""
    groups = (by,) if isinstance(by, str) else tuple(by)
    return {
        "by": (*groups, "category"),
        "where": "any_denied",
        "numerators": {"denied": ("lines",), "partly_denied": ("partly_denied_lines",)},
        "shares": {"share": groups},
        "mixed": "cumulative_share",
        "labels": _FLAGS,
    }


def pairs(
    *,
    by: str | None = None,
    level: Literal["code", "family"] = "code",
    pointer: Literal["all", "primary"] = "all",
) -> dict[str, Any]:
    """Arguments of :meth:`Release.add` for ``denials.by_pair`` with all its columns."""
    families = ("hcpcs_family", "diagnosis_family")
    codes = ("hcpcs_code", "diagnosis_code")
    return {
        "by": (*((by,) if by else ()), *(codes if level == "code" else families)),
        "persons": "persons",
        "where": ("adjudicated", *(("primary_pointer",) if pointer == "primary" else ())),
        "numerators": {"denied": _PAIR_DENIED},
        "labels": families if level == "code" else (),
    }


def trend(
    by: tuple[str, ...] | str = (),
    *,
    period: str = "month",
    clock: Literal["service", "adjudication"] = "service",
) -> dict[str, Any]:
    """Arguments of :meth:`Release.add` for ``denials.trend`` by ``by``."""
    if period not in _PERIODS or clock not in ("service", "adjudication"):
        raise ArgumentError(
            f"period={period!r}, clock={clock!r}: expected week, month or quarter; service or adjudication"
        )
    groups = (by,) if isinstance(by, str) else tuple(by)
    day = "service" if clock == "service" else "paid"
    return {
        "by": {**{name: name for name in groups}, "period": f"{day}_{period}"},
        "where": "adjudicated",
        "numerators": {"denied": ("denied", "rate", "signal")},
    }
