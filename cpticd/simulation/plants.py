"""Plants: chooses the lines on which errors are planted, and marks them."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.book import Book
from cpticd.simulation.streams import Streams
from cpticd.simulation.vectors import Bools, Ints


class Plants:
    """Chooses lines for violations and marks them, one violation per line at most."""

    def __init__(self, draws: Streams, book: Book) -> None:
        self.draws, self.book = draws, book

    def choose(self, stream: str, candidates: Bools, share: float, rule: str) -> Ints:
        """A share of the candidates on professional claims, marked as breaking ``rule``, where they break no other.

        None is chosen at payers for which the rule does not hold.
        """
        return self.choose_any(stream, candidates & self.book.professional, share, rule)

    def choose_any(self, stream: str, candidates: Bools, share: float, rule: str) -> Ints:
        """The same on claims of any form."""
        index = np.flatnonzero(candidates)
        index = index[self.draws(stream, index.size) < share]
        governed = self.book.catalogue.governed[:, self.book.catalogue.rules.index(rule)]
        index = index[(self.book.lines.rule[index] < 0) & governed[self.book.payer[index]]]
        self.mark(index, rule)
        return index

    def mark(self, index: Ints, rule: str) -> None:
        self.book.lines.rule[index] = self.book.catalogue.rules.index(rule)
