"""What a number means: every analysis leaves it with its result, and :func:`contract` reads it back.

pandas copies ``frame.attrs`` at every step, so what stands there is one short text: a :class:`Key`, which holds the
contract and is never copied. A selection of a result's rows or columns keeps it; a frame that was grouped, summed or
changed carries the key too, and :func:`contract` refuses it, since the contract would no longer be true.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from cpticd.core.errors import ArgumentError

#: What an initial and a final denial are, in the words of the contract.
CLOCKS: Final = {
    "initial": "first decision of the first payer on the service (pended or returned: not decided)",
    "final": "latest decisions of every payer on the service; one taken back leaves it not adjudicated",
}
#: Where the key stands in ``frame.attrs``.
ATTRIBUTE: Final = "cpticd"
#: Results of more rows are not kept for comparison; their columns alone are.
_COMPARED_ROWS: Final = 200_000


class Contract(Mapping[str, Any]):
    """The terms of one result by name, and ``records``: lists that belong to it, such as the state of each rule."""

    def __init__(self, terms: Mapping[str, Any], records: Mapping[str, Any] | None = None) -> None:
        self._terms = dict(terms)
        self.records: dict[str, Any] = dict(records or {})

    def __getitem__(self, term: str) -> Any:
        return self._terms[term]

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __repr__(self) -> str:
        width = max(map(len, self._terms), default=0)
        return "\n".join(f"{term:<{width}}  {meaning}" for term, meaning in self._terms.items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<dt><b>{html.escape(term)}</b></dt><dd>{html.escape(str(meaning))}</dd>"
            for term, meaning in self._terms.items()
        )
        return f"<dl>{rows}</dl>"


class Key(str):
    """The short text in ``frame.attrs``: the measure and a digest of its terms; carries the contract itself."""

    contract: Contract
    result: pd.DataFrame | None

    def __new__(cls, contract: Contract, result: pd.DataFrame | None = None) -> Key:
        text = json.dumps([*contract.items()], default=str, sort_keys=True)
        digest = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
        key = super().__new__(cls, f"{contract.get('measure', 'result')} #{digest}")
        key.contract = contract
        key.result = result
        return key

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: Any) -> Key:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Key, (self.contract, None)


def attach(
    frame: pd.DataFrame,
    *,
    measure: str,
    numerator: str,
    denominator: str,
    clock: str,
    exclusions: str = "none",
    rows_left_out: int = 0,
    records: Mapping[str, Any] | None = None,
    **more: Any,
) -> pd.DataFrame:
    """``frame`` with its contract: what was counted over what, when, and what was left out.

    ``code_set_release`` is "as submitted" unless an analysis judges codes by a release of their code set.
    ``records``: lists by name that belong to the result and are read by ``contract(frame).records``.
    """
    terms = {
        "measure": measure,
        "numerator": numerator,
        "denominator": denominator,
        "clock": clock,
        "exclusions": exclusions,
        "rows_left_out": rows_left_out,
        "code_set_release": "codes as submitted, judged by no release",
    }
    return _set(frame, Contract(terms | more, records))


def amend(frame: pd.DataFrame, records: Mapping[str, Any] | None = None, **terms: Any) -> pd.DataFrame:
    """``frame`` with these terms and records added to its contract, or put in place of older ones."""
    return _set(frame, Contract(terms_of(frame) | terms, records_of(frame) | dict(records or {})))


def carry(source: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """``frame``, which another step made of ``source``, with the contract of ``source``, of which it is a true part."""
    frame.attrs = {name: value for name, value in source.attrs.items() if name != ATTRIBUTE}
    return _set(frame, Contract(terms_of(source), records_of(source))) if ATTRIBUTE in source.attrs else frame


def _set(frame: pd.DataFrame, made: Contract) -> pd.DataFrame:
    kept = None
    if len(frame) <= _COMPARED_ROWS:
        kept = frame.copy(deep=False)
        kept.attrs = {}
    frame.attrs[ATTRIBUTE] = Key(made, kept)
    return frame


def terms_of(frame: pd.DataFrame) -> dict[str, Any]:
    """The terms that a result carries, none where it carries none; it is not asked whether they still hold."""
    key = getattr(frame, "attrs", {}).get(ATTRIBUTE)
    return dict(key.contract) if isinstance(key, Key) else {}


def records_of(frame: pd.DataFrame) -> dict[str, Any]:
    """The records that a result carries, by name."""
    key = getattr(frame, "attrs", {}).get(ATTRIBUTE)
    return dict(key.contract.records) if isinstance(key, Key) else {}


def contract(frame: pd.DataFrame | pd.Series) -> Contract:
    """What the numbers of a result mean: one entry per term (measure, numerator, denominator, clock, exclusions, …).

    ``frame`` is what an analysis returned, or a selection of its rows or columns. Raises ArgumentError for a frame
    that carries no contract (made by hand, or by ``pd.concat`` of different results), and for one that was computed
    from a result (grouped, summed, pivoted, changed), of which the contract would not be true.

    >>> import cpticd as cx
    >>> rates = cx.denials.rates(cx.demo(), by="payer")
    >>> cx.contract(rates.head(2))["denominator"]
    'service lines adjudicated'
    """
    if not isinstance(frame, pd.DataFrame | pd.Series):
        raise ArgumentError(
            f"contract: found {type(frame).__name__}; give the DataFrame that an analysis returned"
        )
    key = frame.attrs.get(ATTRIBUTE)
    if not isinstance(key, Key):
        raise ArgumentError(
            "contract: this frame carries none; give the DataFrame that an analysis returned, or a selection of its "
            "rows (pd.concat keeps no contract of different results: ask each of them)"
        )
    if key.result is not None and (changed := _changed(frame, key.result)):
        raise ArgumentError(
            f"contract: this frame was computed from the result of '{key.contract['measure']}' and is no selection of "
            f"its rows ({changed}); the contract speaks of the result: ask it of that"
        )
    return key.contract


def _changed(frame: pd.DataFrame | pd.Series, result: pd.DataFrame) -> str:
    """Why a frame is no selection of a result's rows: the first column whose values are not the result's."""
    part = frame.to_frame() if isinstance(frame, pd.Series) else frame
    if not any(name in result.columns for name in part.columns):
        return "no column of the result is left"
    if len(part) > len(result):
        return f"{len(part):,} rows of {len(result):,}"
    for name in part.columns:
        if isinstance(name, str) and name in result.columns and not _within(part[name], result[name]):
            return f"column {name!r}"
    return ""


def _within(values: pd.Series, whole: pd.Series) -> bool:
    """Whether every value stands in the whole column too."""
    if pd.api.types.is_numeric_dtype(values) and pd.api.types.is_numeric_dtype(whole):
        found, known = (each.astype("Float64").to_numpy(float, na_value=np.nan) for each in (values, whole))
        return bool(np.isin(found[~np.isnan(found)], known).all())
    try:
        return bool(values.dropna().isin(whole).all())
    except (TypeError, NotImplementedError):  # cells that are lists, of Python and of Arrow
        texts = {str(each) for each in whole}
        return all(str(each) in texts for each in values.dropna())
