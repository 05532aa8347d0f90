"""Pairs of procedure and diagnosis in columns of numbers, and what is expected of them, for filtered lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpticd import codes, stats
from cpticd.denials.pair_rates import PRIOR_LINES

if TYPE_CHECKING:
    from cpticd.denials.cube import Column


@dataclass
class Totals:
    """Of each stratum its used and denied lines, those of its procedure and payer, and its payer's rate."""

    n: np.ndarray
    d: np.ndarray
    of_procedure: np.ndarray
    payer_rate: np.ndarray


@dataclass
class Pairing:
    """One row per line and pair that it belongs to, in the order of pair and person.

    A cell is a pair in a stratum (procedure, payer, place, quarter), ``own`` a pair's lines of one procedure and
    payer; ``of_procedure`` the procedure and payer of a stratum.
    """

    line: np.ndarray
    pair: np.ndarray
    person: np.ndarray
    share: np.ndarray
    cell: np.ndarray
    cell_pair: np.ndarray
    cell_stratum: np.ndarray
    cell_own: np.ndarray
    of_procedure: np.ndarray
    of_payer: np.ndarray
    keys: pd.DataFrame

    def lines_of(self, pairs: np.ndarray) -> np.ndarray:
        """Numbers of the lines that belong to any of the pairs, each once."""
        chosen = np.zeros(len(self.keys), dtype=bool)
        chosen[pairs] = True
        return np.unique(self.line[chosen[self.pair]])

    def totals(self, used: np.ndarray, denied: np.ndarray, strata: np.ndarray) -> Totals:
        """Used and denied lines of each stratum, of its procedure and payer, and the payer's rate."""
        width = len(self.of_procedure)
        n, d = (np.bincount(strata[lines], minlength=width).astype(float) for lines in (used, denied))
        of_procedure, of_payer = (
            np.stack([_sums(of, n), _sums(of, d)]) for of in (self.of_procedure, self.of_payer)
        )
        return Totals(
            n,
            d,
            of_procedure[:, self.of_procedure],
            (of_payer[1] / np.maximum(of_payer[0], 1))[self.of_payer],
        )

    def counts(
        self,
        used: np.ndarray,
        denied: np.ndarray,
        amount: np.ndarray,
        *,
        tops: Mapping[str, Column],
        totals: Totals,
        min_lines: int,
    ) -> pd.DataFrame:
        """One row per pair of at least ``min_lines`` used lines: what ``by_pair`` measures a pair from."""
        rows = np.flatnonzero(used[self.line])
        n = np.bincount(self.pair[rows], minlength=len(self.keys))
        enough = n >= min_lines
        rows = rows[enough[self.pair[rows]]]
        shown = np.flatnonzero(enough)
        place_of = np.zeros(len(self.keys), dtype=np.int64)
        place_of[shown] = np.arange(len(shown))
        line, place = self.line[rows], place_of[self.pair[rows]]
        is_denied = denied[line]
        paying = np.flatnonzero((amount != 0)[line])  # few lines carry denied dollars
        size = len(shown)
        found = self.keys.iloc[shown].reset_index(drop=True)
        found = found.assign(
            lines=n[shown],
            persons=_persons(place, self.person[rows], size),
            denied_lines=np.bincount(place[is_denied], minlength=size),
            denied_amount=np.bincount(
                place[paying], self.share[rows[paying]] * amount[line[paying]], minlength=size
            ),
            all_pairs=int((n > 0).sum()),
        )
        cells = self._cells(self.cell[rows], is_denied)
        expected = self._expected(*cells, place_of=place_of, size=size, totals=totals)
        names = {f"top_{name}": _top(place[is_denied], column.code[line[is_denied]], column.names, size)
                 for name, column in tops.items()}  # fmt: skip
        found[list(expected)] = pd.DataFrame(expected)
        for name, top in names.items():
            found[name] = top
        return found

    def _cells(self, cell: np.ndarray, is_denied: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells with lines, their lines, and the denied ones among these."""
        n = np.bincount(cell, minlength=len(self.cell_pair))
        cells = np.flatnonzero(n)
        return (
            cells,
            n[cells].astype(float),
            np.bincount(cell[is_denied], minlength=len(n))[cells].astype(float),
        )

    def _expected(
        self,
        cells: np.ndarray,
        n: np.ndarray,
        d: np.ndarray,
        *,
        place_of: np.ndarray,
        size: int,
        totals: Totals,
    ) -> dict[str, np.ndarray]:
        """What the strata let expect of each pair: as the SQL of ``by_pair``, over the used lines."""
        stratum, own = self.cell_stratum[cells], self.cell_own[cells]
        ns, ds = totals.n[stratum], totals.d[stratum]
        # The payer's rate for the procedure without the pair's own lines, leaning on its rate for everything.
        own_n, own_d = _sums(own, n), _sums(own, d)
        without_n = totals.of_procedure[0][stratum] - own_n[own]
        without_d = totals.of_procedure[1][stratum] - own_d[own]
        prior = (without_d + PRIOR_LINES * totals.payer_rate[stratum]) / (without_n + PRIOR_LINES)
        expected = n * (ds - d + PRIOR_LINES * prior) / (ns - n + PRIOR_LINES)
        place = place_of[self.cell_pair[cells]]
        # Where nothing of the stratum is denied there is nothing to draw: all cumulants are 0.
        some = np.flatnonzero(ds)
        cumulants = stats.hypergeometric_cumulants(n[some], ds[some], ns[some])
        values = dict(zip(("mean", "variance", "third", "fourth"), cumulants, strict=True))
        sums = {name: np.bincount(place[some], value, minlength=size) for name, value in values.items()}
        sums["expected"] = np.bincount(place, expected, minlength=size)
        return sums | {"comparison_lines": np.bincount(place, ns - n, minlength=size).astype(np.int64)}


def _sums(of: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of each number in ``of`` the sum of its values."""
    return np.bincount(of, values, minlength=int(of.max(initial=-1)) + 1)


def _persons(place: np.ndarray, person: np.ndarray, size: int) -> np.ndarray:
    """Distinct persons per pair, of rows in the order of pair and person."""
    first = np.ones(len(place), dtype=bool)
    first[1:] = (place[1:] != place[:-1]) | (person[1:] != person[:-1])
    return np.bincount(place[first & (person >= 0)], minlength=size)


def _top(place: np.ndarray, code: np.ndarray, names: list[str], size: int) -> list[str | None]:
    """Of each pair the most frequent name; ties go to the first in the alphabet."""
    known = code >= 0
    key, count = np.unique(place[known].astype(np.int64) * (len(names) + 1) + code[known], return_counts=True)
    order = np.lexsort((key, -count, key // (len(names) + 1)))
    owner = key[order] // (len(names) + 1)
    first = np.ones(len(order), dtype=bool)
    first[1:] = owner[1:] != owner[:-1]
    result: list[str | None] = [None] * size
    for pair, name in zip(
        owner[first].tolist(), (key[order][first] % (len(names) + 1)).tolist(), strict=True
    ):
        result[pair] = names[name]
    return result


def pairing(
    level: str,
    line: np.ndarray,
    diagnosis: np.ndarray,
    share: np.ndarray,
    *,
    diagnosis_names: list[str],
    strata: np.ndarray,
    procedures: Column,
    payer: np.ndarray,
    person: np.ndarray,
    families: Mapping[str, Mapping[str, str]],
) -> Pairing:
    """Rows of lines × diagnoses as pairs of codes, or of families, where a line counts once per pair."""
    procedure = procedures.code[line]
    left, right = procedures.names, diagnosis_names
    to_family = [
        [family.get(name, codes.UNKNOWN_FAMILY) for name in names]
        for family, names in ((families["hcpcs"], left), (families["diagnosis"], right))
    ]
    if level == "family":
        (procedure, left), (diagnosis, right) = (
            _grouped(code, names) for code, names in zip((procedure, diagnosis), to_family, strict=True)
        )
    pair_key = procedure.astype(np.int64) * max(len(right), 1) + diagnosis
    unique, pair = np.unique(pair_key, return_inverse=True)
    if level == "family":
        pair, line, share = _once(pair, line, share)
    order = np.lexsort((line, person[line], pair))
    pair, line, share = pair[order].astype(np.int32), line[order].astype(np.int32), share[order]
    count = int(strata.max(initial=-1)) + 1
    cells, cell = np.unique(pair.astype(np.int64) * max(count, 1) + strata[line], return_inverse=True)
    cell_pair, cell_stratum = cells // max(count, 1), cells % max(count, 1)
    of_procedure, of_payer = _strata_of(strata, procedures.code, payer, count)
    width = int(of_procedure.max(initial=0)) + 1
    own = np.unique(cell_pair * width + of_procedure[cell_stratum], return_inverse=True)[1]
    names = (np.array(side, dtype=object) for side in (left, right))
    first, second = (
        side[place]
        for side, place in zip(
            names, (unique // max(len(right), 1), unique % max(len(right), 1)), strict=True
        )
    )
    if level == "family":
        keys = pd.DataFrame({"hcpcs_family": first, "diagnosis_family": second}, dtype=object)
    else:
        keys = pd.DataFrame({"hcpcs_code": first, "diagnosis_code": second}, dtype=object)
        for name, side, words in zip(("hcpcs", "diagnosis"), (left, right), to_family, strict=True):
            keys[f"{name}_family"] = keys[f"{name}_code"].map(dict(zip(side, words, strict=True)))
    return Pairing(
        line=line, pair=pair, person=person[line], share=share, cell=cell.astype(np.int32),
        cell_pair=cell_pair, cell_stratum=cell_stratum, cell_own=own, of_procedure=of_procedure,
        of_payer=of_payer, keys=keys.astype("str"),
    )  # fmt: skip


def _grouped(code: np.ndarray, families: list[str]) -> tuple[np.ndarray, list[str]]:
    """Codes as their families' numbers, and the families' names in alphabetical order."""
    names = sorted(set(families))
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[name] for name in families], dtype=np.int64)[code], names


def _once(pair: np.ndarray, line: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each line once per pair, with the sum of its shares."""
    width = int(line.max(initial=0)) + 1
    key, place = np.unique(pair.astype(np.int64) * width + line, return_inverse=True)
    return key // width, key % width, np.bincount(place, share, minlength=len(key))


def _strata_of(
    strata: np.ndarray, procedure: np.ndarray, payer: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of each stratum its procedure and payer (one number), and its payer."""
    first = np.zeros(count, dtype=np.int64)
    first[strata[::-1]] = np.arange(len(strata))[::-1]
    width = int(payer.max(initial=0)) + 1
    key = (procedure[first].astype(np.int64) + 1) * width + payer[first]
    return np.unique(key, return_inverse=True)[1], payer[first].astype(np.int64)
