"""Denials in columns of numbers: read once by SQL, then filtered and added up in milliseconds, for explorers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpticd import codes, sql
from cpticd.claims import Claims
from cpticd.core.errors import ArgumentError
from cpticd.core.session import Session
from cpticd.denials.cube_pairs import Pairing, Used, pairing
from cpticd.denials.cube_view import View
from cpticd.denials.rates import MATURITY_DAYS

#: What a line is filtered by, and the columns that are numbered.
FILTERS: Final = ("payer", "place", "billing_npi")
_NUMBERED: Final = (
    *("person_id", "payer", "place", "hcpcs_code", "billing_npi", "initial_outcome", "final_outcome"),
    *("initial_category", "final_category", "initial_carc", "final_carc"),
)
#: Views that are kept, so that a click that changes no filter adds nothing up again.
_KEPT: Final = 8
#: Quarter of lines without a date of service, as in the table ``strata``.
_UNDATED: Final = np.datetime64("1900-01-01", "M")


@dataclass(frozen=True)
class Filters:
    """What a view is restricted to; None: not at all.

    payer, place (of service, or type of bill), billing_npi; first and last month of service (``"2024-01"``);
    category: denials of that root cause alone count, over all lines; clock: ``initial`` or ``final``.
    """

    payer: str | None = None
    place: str | None = None
    billing_npi: str | None = None
    first: str | None = None
    last: str | None = None
    category: str | None = None
    clock: str = "initial"


@dataclass
class Column:
    """Texts as numbers: ``code`` per line (-1: missing) into ``names``, which are in alphabetical order."""

    code: np.ndarray
    names: list[str]

    def number(self, name: str, what: str) -> int:
        """The number of a name; ArgumentError where no line has it."""
        if name not in self.names:
            shown = ", ".join(map(repr, self.names[:8]))
            raise ArgumentError(
                f"{what}: found {name!r}; these claims have {shown}{'' if len(self.names) <= 8 else ', …'}"
            )
        return self.names.index(name)


@dataclass
class Cube:
    """Lines and pairs of claims as columns; :meth:`view` filters them."""

    columns: dict[str, Column]
    month: np.ndarray
    day: np.ndarray
    charge: np.ndarray
    amount: dict[str, np.ndarray]
    used: dict[str, np.ndarray]
    claim_id: pa.Array
    line_number: np.ndarray
    strata: np.ndarray
    last_day: np.datetime64 | None
    flags: pd.DataFrame
    carc_flags: pd.DataFrame
    code_pairs: Pairing = field(repr=False)
    family_pairs: Pairing = field(repr=False)
    left_out: int = 0
    _views: dict[Filters, View] = field(default_factory=dict, repr=False)
    kept_rows: dict[Any, Used] = field(default_factory=dict, repr=False)

    def view(self, filters: Filters | Mapping[str, Any] | None = None, **more: Any) -> View:
        """One view: the lines that pass the filters, with rates, causes, trend and pairs as methods.

        Raises ArgumentError for filters that are not there and for values that no line has.
        """
        given = {} if filters is None else filters
        if isinstance(given, Filters):
            given = {each.name: getattr(given, each.name) for each in fields(given)}
        try:
            wanted = Filters(**{**given, **more})
        except TypeError as error:
            raise ArgumentError(
                f"cube.view: {error}; filters are {', '.join(each.name for each in fields(Filters))}"
            ) from None
        if wanted not in self._views:
            while len(self._views) >= _KEPT:
                del self._views[next(iter(self._views))]
            self._views[wanted] = View(self, wanted)
        return self._views[wanted]

    @cached_property
    def months(self) -> list[str]:
        """Months of service, the first first."""
        return [str(month) for month in np.unique(self.month[~np.isnat(self.month)])]

    @cached_property
    def month_place(self) -> np.ndarray:
        """Of each line its month, counted from the first of ``months``; the last number where it is not dated."""
        if not self.months:
            return np.zeros(len(self.month), dtype=np.int64)
        first = np.datetime64(self.months[0], "M")
        size = int((np.datetime64(self.months[-1], "M") - first).astype(int)) + 1
        return np.where(np.isnat(self.month), size, (self.month - first).astype(np.int64))

    @cached_property
    def categories(self) -> list[str]:
        """Root causes of any denial, by either clock."""
        return sorted({*self.columns["initial_category"].names, *self.columns["final_category"].names})

    def counts(self, column: str) -> pd.Series:
        """One row per payer, place or billing_npi: its lines, the largest first."""
        found = self.columns[column]
        counts = np.bincount(found.code, minlength=len(found.names))
        frame = pd.DataFrame({"name": found.names, "lines": counts})
        frame = frame.sort_values(["lines", "name"], ascending=[False, True])
        return pd.Series(frame["lines"].to_numpy(), index=frame["name"].tolist(), name="lines")


def cube(claims: Claims, *, maturity_days: int = MATURITY_DAYS) -> Cube:
    """One row per service line, and one per line and diagnosis, as columns of numbers that filters act on at once.

    ``maturity_days`` is that of :func:`denials.rates`, for the final clock. About 150 bytes of memory per line.
    ``cube.view(payer=…, first="2024-01", …)`` gives a :class:`View`, whose methods return what ``rates``,
    ``causes``, ``trend`` and ``by_pair`` would say of these lines alone.
    """
    with claims.session() as s:
        s.create("cube_lines", sql.text("denials/cube_lines"))
        lines = s.fetch("SELECT * FROM cube_lines ORDER BY line")
        pairs = s.fetch(sql.text("denials/cube_pairs"))
        (last,) = s.rows(
            "SELECT (SELECT max(greatest(first_paid_date, service_date)) FROM line_outcomes) AS day, "
            "(SELECT max(paid_date) FROM adjudications) AS paid"
        )
        families = _families(s)
        flags = {by: _flags(s, by) for by in ("category", "carc")}
    numbered = {name: _numbered(lines.column(name)) for name in _NUMBERED}
    day = lines.column("service_date").combine_chunks().cast(pa.date32()).to_numpy(zero_copy_only=False)
    day = day.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    mature = _mature(lines, last["paid"], maturity_days)
    final_known = _known(numbered["final_outcome"])
    strata = _strata(numbered, month)
    pointed = pairs.column("line").to_numpy()
    diagnosis = _numbered(pairs.column("diagnosis_code"))
    share = pairs.column("share").to_numpy()
    pointed_by = (pointed, diagnosis.code, share)
    shared: dict[str, Any] = {
        "diagnosis_names": diagnosis.names,
        "strata": strata,
        "procedures": numbered["hcpcs_code"],
        "payer": numbered["payer"].code,
        "person": numbered["person_id"].code,
        "families": families,
    }
    return Cube(
        columns=numbered,
        month=month,
        day=day,
        charge=_floats(lines, "charge_amount"),
        amount={clock: _floats(lines, f"{clock}_amount") for clock in ("initial", "final")},
        used={"initial": _known(numbered["initial_outcome"]), "final": final_known & mature},
        claim_id=lines.column("claim_id").combine_chunks(),
        line_number=lines.column("claim_line_number").to_numpy(),
        strata=strata,
        last_day=None if last["day"] is None else np.datetime64(last["day"], "D"),
        flags=flags["category"],
        carc_flags=flags["carc"],
        code_pairs=pairing("code", *pointed_by, **shared),
        family_pairs=pairing("family", *pointed_by, **shared),
        left_out=int((final_known & ~mature).sum()),
    )


def _numbered(column: pa.ChunkedArray) -> Column:
    """Texts as numbers in alphabetical order."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    names = encoded.dictionary.to_pylist()
    order = np.argsort(np.array(names, dtype=object), kind="stable") if names else np.empty(0, int)
    rank = np.empty(len(names) + 1, dtype=np.int32)
    rank[order] = np.arange(len(names), dtype=np.int32)
    rank[-1] = -1
    code = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return Column(rank[code], [names[place] for place in order])


def _floats(table: pa.Table, name: str) -> np.ndarray:
    return table.column(name).cast(pa.float64()).to_numpy()


def _known(outcome: Column) -> np.ndarray:
    """Lines whose outcome is known."""
    open_ = outcome.names.index("not adjudicated") if "not adjudicated" in outcome.names else -2
    return outcome.code != open_


def _mature(lines: pa.Table, last_paid: Any, days: int) -> np.ndarray:
    """Lines whose first adjudication is at least ``days`` before the last one in the data, or not dated."""
    if last_paid is None:
        return np.ones(lines.num_rows, dtype=bool)
    paid = lines.column("first_paid_date").combine_chunks().cast(pa.date32()).to_numpy(zero_copy_only=False)
    paid = paid.astype("datetime64[D]")
    return np.isnat(paid) | (paid <= np.datetime64(last_paid, "D") - np.timedelta64(days, "D"))


def _strata(numbered: Mapping[str, Column], month: np.ndarray) -> np.ndarray:
    """Of each line its procedure, payer, place and quarter of service, as one number."""
    dated = np.where(np.isnat(month), _UNDATED, month)
    quarter = dated.astype(np.int64) // 3
    key = np.zeros(len(month), dtype=np.int64)
    for part in (numbered["hcpcs_code"].code, numbered["payer"].code, numbered["place"].code, quarter):
        _, number = np.unique(part, return_inverse=True)
        key = key * (int(number.max(initial=0)) + 1) + number
        _, key = np.unique(key, return_inverse=True)
    return key.astype(np.int32)


def _families(s: Session) -> dict[str, dict[str, str]]:
    """Code -> family, of procedures and of diagnoses."""
    found = {}
    for what, relation in (("hcpcs", "procedure_families"), ("diagnosis", "diagnosis_families")):
        table = s.fetch(f"SELECT {what}_code AS code, {what}_family AS family FROM {relation}")
        found[what] = {row["code"]: row["family"] or codes.UNKNOWN_FAMILY for row in table.to_pylist()}
    return found


def _flags(s: Session, by: str) -> pd.DataFrame:
    """One row per category, or per CARC: its flags, ``partly`` where they differ, and its category."""
    flags = ("coding_related", "diagnosis_related", "preventable")
    merged = ", ".join(f"CASE WHEN min({f}) = max({f}) THEN min({f}) ELSE 'partly' END AS {f}" for f in flags)
    table = s.fetch(f"SELECT {by}, {merged} FROM carc_categories WHERE is_denial GROUP BY {by} ORDER BY {by}")
    return table.to_pandas().set_index(by)
