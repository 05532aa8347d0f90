"""Dispatch: the claims that stories send stand in the book, each with its number and its address."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cpticd.simulation.book import Book, ClaimRows, DiagnosisRows, LineRows
from cpticd.simulation.correspondence import Sending, Tale
from cpticd.simulation.submission import FREQUENCIES, Sent
from cpticd.simulation.vectors import bounds, expand


def dispatch(book: Book, tales: Sequence[Tale]) -> Sent:
    """Add every claim of the tales that is not in the book yet, and say how each is sent. Changes the book."""
    size = book.claims.size
    later = [item for tale in tales for i, item in enumerate(tale.sent) if i > 0 or "duplicate" in tale.kinds]
    firsts = [tale.sent[0] for tale in tales if "duplicate" not in tale.kinds]
    for first in firsts:
        first.claim = first.root
    for number, item in enumerate(later, start=size):
        item.claim = number
    if later:
        _enter(book, later)
    return _sent(sorted([*firsts, *later], key=lambda item: item.claim))


def _enter(book: Book, later: list[Sending]) -> None:
    """Claims, lines and diagnoses of what is sent later, which are those of the first claim."""
    size = book.claims.size
    root = np.array([item.root for item in later])
    claims = book.claims.take(root)
    claims.replaces, claims.received = root, np.array([item.received for item in later])
    lines = book.lines.take(np.array([line for item in later for line in item.lines]))
    lines.claim = size + np.repeat(np.arange(len(later)), [len(item.lines) for item in later])
    # A professional claim has the days of its lines, of which some may be left out.
    begin = bounds(lines.claim - size, len(later))[:-1]
    claims.start = np.where(claims.institutional, claims.start, np.minimum.reduceat(lines.start, begin))
    claims.end = np.where(claims.institutional, claims.end, np.maximum.reduceat(lines.end, begin))
    edges = bounds(book.diagnoses.claim, size)
    which, step = expand(np.diff(edges)[root])
    diagnoses = book.diagnoses.take(edges[root][which] + step)
    diagnoses.claim = size + which
    book.claims = ClaimRows.stack(book.claims, claims)
    book.lines = LineRows.stack(book.lines, lines)
    book.lines.renumber()
    book.diagnoses = DiagnosisRows.stack(book.diagnoses, diagnoses)


def _sent(every: list[Sending]) -> Sent:
    return Sent(
        payer=np.array([item.payer for item in every], dtype=np.int64),
        sequence=np.array([item.sequence for item in every], dtype=np.int64),
        frequency=np.array([FREQUENCIES.index(item.frequency) for item in every], dtype=np.int64),
        number=np.array([item.root if item.same_number else item.claim for item in every], dtype=np.int64),
        names=np.array([item.names for item in every], dtype=np.str_),
    )
