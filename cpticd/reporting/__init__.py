"""The report: what the analyses say about one data set, as one HTML file that needs nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpticd.core.errors import ArgumentError, OutputExistsError
from cpticd.core.measure import check_claims

if TYPE_CHECKING:
    from cpticd.claims import Claims
    from cpticd.reporting.findings import Findings

__all__ = ["report"]


def report(
    claims: Claims,
    path: str | Path,
    *,
    title: str | None = None,
    overwrite: bool = False,
    min_lines: int = 30,
    model: str = "V28",
    payment_year: int | None = None,
    base_rate: float | None = None,
    tables: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    payer_kinds: Mapping[str, str] | None = None,
    minimum: int | None = None,
    detail: str = "short",
) -> Path:
    """One HTML file about ``claims``: accounting, denials, pairs, coding rules, specificity, risk adjustment.

    Parameters: ``path``, the file to write; its folder is made where it is missing. ``title``, the heading.
    ``overwrite``, replace an existing file. ``min_lines``, the fewest lines of a pair that is judged.
    Of risk adjustment, which the report has where ``payment_year`` is given and members are known: ``model``, such as
    V28; ``base_rate``, US dollars per member and month at score 1, which turns scores into dollars. Diagnoses are those
    of the year before the payment year.
    Of coding rules: ``tables``, ``folder`` and ``payer_kinds`` as in ``cpticd.rules.check``; rules that have no table
    are named with what to add.
    ``detail``: ``short`` begins with one screen and folds what few ask for; ``full`` shows it all, in longer tables.
    ``minimum``, the fewest persons of a cell that is shown, that of ``cx.set_disclosure`` unless given; 1 shows all.

    Everything goes through disclosure control: cells of fewer persons and what would give them away are left out
    of charts, hover texts and tables, and the report says how many. Returns the path. The file holds plotly.js and
    asks the network for nothing; no person, claim or provider appears in it. Same claims, same bytes. Raises
    OutputExistsError, ArgumentError; DisclosureError for a part that no measure declares.
    """
    check_claims("report", claims)
    target = check_output(path, overwrite=overwrite)
    from cpticd import disclosure
    from cpticd.reporting.findings import Options, gather
    from cpticd.reporting.release import protected

    options = Options(
        min_lines=min_lines, model=model, payment_year=payment_year, base_rate=base_rate, tables=tables,
        folder=folder, payer_kinds=payer_kinds, detail=detail,
    )  # fmt: skip
    now = disclosure.settings()
    with disclosure.using(minimum=now.minimum if minimum is None else minimum, pseudonyms=now.pseudonyms):
        return write(protected(gather(claims, options), claims), target, title=title)


def check_output(path: str | Path, *, overwrite: bool) -> Path:
    """``path`` if a report may be written there; OutputExistsError or ArgumentError otherwise."""
    target = Path(path)
    if target.is_dir():
        raise ArgumentError(f"{target} is a folder; name a file in it, such as {target / 'report.html'}")
    if target.exists() and not overwrite:
        raise OutputExistsError(f"{target} exists; pass overwrite=True (--overwrite) to replace it")
    return target


def write(findings: Findings, target: Path, *, title: str | None = None) -> Path:
    """Write findings as HTML to ``target``, whole or not at all. Returns it."""
    from cpticd.reporting.page import page

    text = page(findings, title=title)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, passing = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(passing).chmod(0o644)
        Path(passing).replace(target)
    except OSError as error:
        raise ArgumentError(
            f"{target} cannot be written: {error.strerror or error}; choose another path"
        ) from error
    return target


def __dir__() -> list[str]:
    return list(__all__)
