"""A measure: an analysis and, beside its function, all that is to be known of it.

    @measure(
        heading="Root causes",
        leaves=lambda by=None, **_: Cells(by=(*dimensions(by), "category"), where="any_denied", …),
        chart="causes",
        report=[Part("causes", section="causes", heading="Root causes")],
    )
    def causes(claims: Claims, by: By = None) -> pd.DataFrame: …

The report, its definitions, the command line, explorers, exports and the API page read the declaration. What no measure
declares does not leave: :class:`DisclosureError`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, cast

import pandas as pd

from cpticd.core.contract import ATTRIBUTE, amend, records_of
from cpticd.core.errors import ArgumentError, DisclosureError
from cpticd.core.partial import check_whole

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.core.apart import Rows

P = ParamSpec("P")
Names = str | Sequence[str]
#: Facts of a table: claims and frame in, a row per person and combination of what the table is grouped by out.
Facts = Callable[["Claims", pd.DataFrame], pd.DataFrame]
#: Other parts of what leaves together, by key.
Parts = Callable[[str], pd.DataFrame]


@dataclass(frozen=True)
class Compared:
    """Columns that hold a row against other lines: with them more follows than the row itself counts.

    They leave where no small set follows from the row, from all lines of its strata and from what is shown beside; a
    release rounds them. Where one needs more than that to be told, it belongs into ``withheld``.
    """

    columns: Names
    #: Columns of the facts in whose every combination the row is held against the other lines.
    within: Names
    #: Further combinations, on whose sums an expectation leans where a stratum has few lines.
    leaning: Sequence[Names] = ()
    #: Yes-or-no facts whose lines are compared, beside all lines.
    flags: Names = "denied"


@dataclass(frozen=True)
class Cells:
    """Rows are cells of persons: how ``disclosure.Release.add`` protects them; its parameters by their names.

    A yes-or-no fact may be written of others: ``"finally_adjudicated&!finally_denied"``.
    """

    by: Names | Mapping[str, str] = ()
    persons: str | None = None
    measures: Names | None = None
    numerators: Mapping[str, Names] = field(default_factory=dict)
    shares: Mapping[str, Names] = field(default_factory=dict)
    mixed: Names = ()
    labels: Names = ()
    where: Names = ()
    facts: Facts | None = None
    #: Columns that no release can protect, and that therefore do not leave.
    withheld: Names = ()
    #: Yes-or-no facts of service lines that no dimension has, by name: the lines that have them, as a frame of claim_id
    #: and claim_line_number (missing: the claim as a whole), such as those that a rule flags.
    marks: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    #: Columns that compare a row with others, and with which.
    compared: Compared | None = None
    #: The frame as it may leave in, the same rows out: what is made of all rows (q-values, shrunk rates) made anew of
    #: those that are shown, and their order by what is shown. Rows keep the labels of their index.
    anew: Callable[[pd.DataFrame], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Records:
    """Rows are records of persons and claims, such as a worklist: they leave under pseudonyms.

    protect: frame and minimum in; the frame without what its rows say of few others, such as lines alike, out.
    """

    protect: Callable[[pd.DataFrame, int], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Public:
    """Rows count no persons and name none, such as a list of rules: they leave as they are. ``why`` says so."""

    why: str


@dataclass(frozen=True)
class Protected:
    """A table with a protection of its own: frame, claims and minimum in; what may leave, and cells left out, out."""

    protect: Callable[[pd.DataFrame, Claims, int], tuple[pd.DataFrame, int]]


@dataclass(frozen=True)
class Linked:
    """A result that leaves by way of tables that count it, protected together with all that leaves beside it.

    tables: the result and other parts in, tables by name with what their cells are out; apply: the result and these
    tables as they may leave in, the result as it may leave out.
    """

    tables: Callable[[pd.DataFrame, Parts], Mapping[str, tuple[pd.DataFrame, Cells]]]
    apply: Callable[[pd.DataFrame, Mapping[str, pd.DataFrame]], pd.DataFrame]


Leaves = Cells | Records | Public | Protected | Linked


@dataclass(frozen=True)
class Chart:
    """The chart of a result: a function of cpticd.charts by its name, and its options, made of the result."""

    kind: str
    options: Callable[[pd.DataFrame], Mapping[str, Any]] = lambda frame: {}


class Lazy(Protocol):
    """How the rows of an analysis are left where they are (``cpticd.persons.Apart``)."""

    def rows(self, analysis: str, claims: Claims, arguments: Mapping[str, Any]) -> Rows:
        """The rows of an analysis of claims with these arguments, not worked out yet."""


@dataclass(frozen=True)
class Part:
    """One use of a measure in the report.

    key: its name there, once in the report; section: the section that it stands in; heading: over its definition;
    arguments: from the report's options and other parts (a :class:`Given`) to the measure's keywords (and to its first
    parameter, where that is no data set); strict: its error is the caller's, and raised, instead of being the reason
    why the part is not there; detail: ``full`` where only the form for analysts has it.
    """

    key: str
    section: str
    heading: str
    arguments: Callable[[Given], Mapping[str, Any]] = lambda given: {}
    strict: bool = False
    detail: str = "short"


class Given:
    """What a part's arguments are made of: options of the report by name, and the frames of other parts by key."""

    def __init__(self, options: Mapping[str, Any], part: Parts, missing: Mapping[str, str]) -> None:
        self._options = dict(options)
        self._part = part
        self._missing = dict(missing)

    def __getitem__(self, option: str) -> Any:
        """An option; ArgumentError with what to do where it was not given and nothing stands for it."""
        if self._options.get(option) is None and option in self._missing:
            raise ArgumentError(self._missing[option])
        return self._options[option]

    def part(self, key: str) -> pd.DataFrame:
        """The frame of another part, worked out now if it was not yet; its error where the data do not allow it."""
        return self._part(key)


@dataclass(frozen=True)
class Measure:
    """The declaration of one analysis."""

    name: str
    function: Callable[..., pd.DataFrame]
    heading: str
    leaves: Leaves | Callable[..., Leaves]
    chart: Chart | None = None
    report: tuple[Part, ...] = ()
    #: Frame in, a sentence for the first page of a report out; '' where there is nothing to say.
    sentence: Callable[[pd.DataFrame], str] | None = None
    #: Frame in, a tile of an explorer out: label, value, and a note below it; None where there is nothing to show.
    tile: Callable[[pd.DataFrame], tuple[str, str, str] | None] | None = None
    #: How its rows are left where they are; None where its last step reads all of them.
    apart: Lazy | None = None

    @property
    def grain(self) -> str:
        """What a row is: the first line of the function's documentation."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    def shape(self, arguments: Mapping[str, Any]) -> Leaves:
        """How a result of these arguments may leave."""
        return self.leaves(**arguments) if callable(self.leaves) else self.leaves


_MEASURES: Final[dict[str, Measure]] = {}


def measure(
    *,
    heading: str,
    leaves: Leaves | Callable[..., Leaves],
    chart: Chart | str | None = None,
    report: Iterable[Part] = (),
    sentence: Callable[[pd.DataFrame], str] | None = None,
    tile: Callable[[pd.DataFrame], tuple[str, str, str] | None] | None = None,
    of_claims: bool = True,
    apart: Lazy | None = None,
) -> Callable[[Callable[P, pd.DataFrame]], Callable[P, pd.DataFrame]]:
    """Declare an analysis where it is defined. ``of_claims=False``: its first argument is not (always) Claims.

    The function then checks that it was given Claims, and its result says which analysis it is of, by which arguments
    and of which selection. ``apart``: it has rows of persons, and with ``lazy=True`` leaves them where they are.
    """

    def declared(function: Callable[P, pd.DataFrame]) -> Callable[P, pd.DataFrame]:
        name = f"{function.__module__.split('.')[1]}.{function.__name__}"
        signature = inspect.signature(function)

        @functools.wraps(function)
        def measured(*args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
            lazy = kwargs.pop("lazy", False)
            bound = signature.bind(*args, **kwargs)
            first = next(iter(bound.arguments.values()), None)
            if of_claims or lazy:
                check_claims(name, first)
                check_whole(name, first)
            if lazy:
                return cast(pd.DataFrame, _lazily(name, apart, bound))
            frame = function(*args, **kwargs)
            bound.apply_defaults()
            given = {key: value for key, value in bound.arguments.items() if _is_plain(value)}
            chosen = getattr(first, "selection", None)
            terms = {"selection": dict(chosen)} if chosen else {}
            return amend(frame, {"analysis": name, "arguments": given}, **terms)

        if apart is not None:  # an editor shows it
            kind = inspect.Parameter.KEYWORD_ONLY
            own = inspect.Parameter("lazy", kind, default=False, annotation="bool")
            shown = signature.replace(parameters=[*signature.parameters.values(), own])
            measured.__signature__ = shown  # type: ignore[attr-defined]
        drawn = Chart(chart) if isinstance(chart, str) else chart
        made = Measure(name, measured, heading, leaves, drawn, tuple(report), sentence, tile, apart)
        _MEASURES[name] = made
        return measured

    return declared


def _lazily(name: str, apart: Lazy | None, bound: inspect.BoundArguments) -> Rows:
    """The rows of a call with ``lazy=True``; ArgumentError where the analysis reads all of them at its end."""
    if apart is None:
        able = ", ".join(sorted(each.name for each in _MEASURES.values() if each.apart))
        raise ArgumentError(
            f"{name}: lazy=True leaves rows of persons where they are, and the last step of this analysis reads all of "
            f"its rows at once; it is there for {able}; ask this one of claims.where(…), or without lazy"
        )
    claims, *others = bound.arguments.items()
    return apart.rows(name, claims[1], dict(others))


def _is_plain(value: Any) -> bool:
    """Whether an argument is kept with the result: texts and numbers, no frames, claims or tables."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


def check_claims(name: str, value: Any) -> None:
    """Raise ArgumentError unless ``value`` is Claims."""
    if hasattr(value, "session") and hasattr(value, "selection"):
        return
    found = type(value).__name__
    if isinstance(value, pd.DataFrame):
        found += "; a DataFrame of service lines becomes Claims by cx.read_wide(frame), tables by cx.read_tables(…)"
    elif isinstance(value, str) or hasattr(value, "__fspath__"):
        found += f" {str(value)!r}; read it first: cx.{name}(cx.read({str(value)!r}), …)"
    raise ArgumentError(f"{name}: expected Claims, found {found}")


def measures(package: str | None = None) -> Iterator[Measure]:
    """Every declared measure, or those of a package, in the order of declaration; of packages that are imported."""
    yield from (each for each in _MEASURES.values() if package in (None, each.package))


def shape_of(name: str, **arguments: Any) -> Leaves:
    """How results of a measure leave, by its name and the arguments: ``shape_of("denials.rates", by="payer")``."""
    if name not in _MEASURES:
        raise ArgumentError(f"no measure {name!r}; there are {sorted(_MEASURES)}")
    return _MEASURES[name].shape(arguments)


def records_shown(name: str, rows: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Rows of a measure's records without what they say of fewer others than ``minimum``."""
    shape = shape_of(name)
    if minimum <= 1 or not isinstance(shape, Records) or shape.protect is None:
        return rows
    return shape.protect(rows, minimum)


def measure_of(frame: pd.DataFrame) -> Measure | None:
    """The measure that a frame is a result of; None where none declares it."""
    return _MEASURES.get(str(records_of(frame).get("analysis", "")))


def leaves(frame: pd.DataFrame, name: str = "the table") -> Leaves:
    """How a result may leave the session. Raises DisclosureError where no measure declares it."""
    found = measure_of(frame)
    if found is None:
        carried = frame.attrs.get(ATTRIBUTE, "no contract")
        raise DisclosureError(
            f"{name}: no measure declares how this may leave ({carried}; columns {list(map(str, frame.columns))[:8]}); "
            "give the result of an analysis as it came, or say what its rows count: "
            "cx.disclosure.protect(frame, by=…, persons=…)"
        )
    return found.shape(records_of(frame).get("arguments", {}))
