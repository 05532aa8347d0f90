"""Pairs of procedure and diagnosis in columns of numbers, and what is expected of them, for filtered lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cpticd import codes, stats
from cpticd.denials import cube_clusters
from cpticd.denials.cube_choice import Column
from cpticd.denials.cube_clusters import Clusters, Counted
from cpticd.denials.pair_dependence import with_dependence
from cpticd.denials.pair_rates import PRIOR_LINES
from cpticd.denials.pair_sources import Grain


@dataclass
class Totals:
    """Of each stratum its used and denied lines, those of its procedure and payer, and its payer's rate."""

    n: np.ndarray
    d: np.ndarray
    of_procedure: np.ndarray
    payer_rate: np.ndarray


@dataclass
class Used:
    """What used lines say of pairs, whatever of them is denied: kept, since most clicks do not change it.

    ``shown``: numbers of the pairs with enough lines, whose ``n``, ``persons``; of each row its line and the place of
    its pair among those shown; of each cell with lines their number and that place; ``own_n``: by pair, procedure
    and payer; ``clusters`` of the rows by kind; ``lines`` used, and their clusters by procedure.
    """

    shown: np.ndarray
    n: np.ndarray
    all_pairs: int
    rows: np.ndarray | slice
    line: np.ndarray
    place: np.ndarray
    persons: np.ndarray
    cells: np.ndarray
    cell_n: np.ndarray
    cell_place: np.ndarray
    own_n: np.ndarray
    clusters: Mapping[str, Counted]
    lines: np.ndarray
    procedures: Mapping[str, Counted]


@dataclass
class Pairing:
    """One row per line and pair that it belongs to, in the order of pair and person.

    A cell is a pair in a stratum (procedure, payer, place, quarter), ``own`` a pair's lines of one procedure and
    payer; ``of_procedure`` the procedure and payer of a stratum. ``clustered``: of each line its claim, person and
    provider, by kind; ``pair_procedure`` and ``line_procedure``: procedures (families), -1 where a line has none.
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
    stratum: np.ndarray
    keys: pd.DataFrame
    pair_procedure: np.ndarray
    line_procedure: np.ndarray
    clustered: Mapping[str, np.ndarray]

    @cached_property
    def clusters(self) -> dict[str, Clusters]:
        """Rows of one claim, person or provider in a pair."""
        return {
            kind: cube_clusters.clusters_of(self.pair, of[self.line]) for kind, of in self.clustered.items()
        }

    @cached_property
    def procedures(self) -> dict[str, Clusters]:
        """Lines of one claim, person or provider in a procedure (family)."""
        return {
            kind: cube_clusters.clusters_of(self.line_procedure + 1, of)
            for kind, of in self.clustered.items()
        }

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

    def rows_of(self, used: np.ndarray, min_lines: int) -> Used:
        """What the used lines alone say of the pairs with at least ``min_lines`` of them."""
        counted = used[self.line]
        rows: np.ndarray | slice = slice(None) if counted.all() else np.flatnonzero(counted)
        n = np.bincount(self.pair[rows], minlength=len(self.keys))
        enough = n >= min_lines
        if not enough[n > 0].all():
            counted &= enough[self.pair]
            rows = np.flatnonzero(counted)
        shown = np.flatnonzero(enough)
        place_of = np.zeros(len(self.keys), dtype=np.intp)
        place_of[shown] = np.arange(len(shown))
        place = place_of[self.pair[rows]]
        lines_of_cell = np.bincount(self.cell[rows], minlength=len(self.cell_pair))
        cells = np.flatnonzero(lines_of_cell)
        lines = lines_of_cell[cells].astype(float)
        chosen = np.flatnonzero(used & (self.line_procedure >= 0))
        size = int(self.line_procedure.max(initial=-1)) + 1
        return Used(
            shown=shown, n=n[shown], all_pairs=int((n > 0).sum()), rows=rows, line=self.line[rows], place=place,
            persons=_persons(place, self.person[rows], len(shown)), cells=cells, cell_n=lines,
            cell_place=place_of[self.cell_pair[cells]], own_n=_sums(self.cell_own[cells], lines),
            clusters={kind: cube_clusters.counted(of, rows, place_of) for kind, of in self.clusters.items()},
            lines=chosen,
            procedures={
                kind: cube_clusters.counted(of, chosen, np.arange(size + 1))
                for kind, of in self.procedures.items()
            },
        )  # fmt: skip

    def counts(
        self,
        of: Used,
        denied: np.ndarray,
        amount: np.ndarray,
        *,
        tops: Mapping[str, Column],
        totals: Totals,
    ) -> pd.DataFrame:
        """One row per pair of ``of``: what ``by_pair`` measures a pair from."""
        hits = np.flatnonzero(denied[of.line])
        paying = np.flatnonzero((amount != 0)[of.line])  # few lines carry denied dollars
        size, place, line = len(of.shown), of.place[hits], of.line[hits]
        found: dict[str, Any] = {
            "lines": of.n,
            "persons": of.persons,
            "denied_lines": np.bincount(place, minlength=size),
            "denied_amount": np.bincount(
                of.place[paying], self.share[of.rows][paying] * amount[of.line[paying]], minlength=size
            ),
            "all_pairs": of.all_pairs,
        }
        found |= self._expected(of, self.cell[of.rows][hits], totals)
        found |= self._dependence(of, denied, found, totals)
        category, carc = tops["category"], tops["carc"]
        first = _top(place, category.code[line], len(category.names), size)
        # The CARC is the most frequent one of that category, not of them all.
        same = category.code[line] == first[place]
        second = _top(place[same], carc.code[line[same]], len(carc.names), size)
        for name, column, top in (("category", category, first), ("carc", carc, second)):
            names = [column.names[code] if code >= 0 else None for code in top.tolist()]
            found[f"top_{name}"] = pd.Series(names, dtype="str")
        keys = self.keys.iloc[of.shown].reset_index(drop=True)
        return pd.concat([keys, pd.DataFrame(found, index=keys.index)], axis=1)

    def _dependence(
        self, of: Used, denied: np.ndarray, found: Mapping[str, Any], totals: Totals
    ) -> dict[str, np.ndarray]:
        """How lines of a pair depend on one another, as ``by_pair`` measures it."""
        size, rate = len(of.shown), totals.d / np.maximum(totals.n, 1)
        residual = denied - rate[self.stratum]
        rows = residual[of.line]
        pairs = pd.DataFrame(
            {
                "id": np.arange(size), "procedure": self.pair_procedure[of.shown], "grp": 0, "lines": of.n,
                "denied_lines": found["denied_lines"], "mean": found["mean"],
                "squares": np.bincount(of.place, rows * rows, minlength=size),
            }
        )  # fmt: skip
        lines = residual[of.lines]
        width = int(self.line_procedure.max(initial=-1)) + 1
        own = cube_clusters.by_kind(of.procedures, lines, width + 1)
        squares = np.bincount(self.line_procedure[of.lines] + 1, lines * lines, minlength=width + 1)
        own = own.assign(procedure=own["id"] - 1, grp=0, squares=squares[own["id"]])
        sums = cube_clusters.by_kind(of.clusters, rows, size)
        made = with_dependence(pairs, sums[sums["largest"] > 1], own[own["n"] > 0])
        added = [name for name in made.columns if name not in pairs.columns]
        return {name: made[name].to_numpy() for name in ("squares", *added)}

    def _expected(self, of: Used, denied_cell: np.ndarray, totals: Totals) -> dict[str, np.ndarray]:
        """What the strata let expect of each pair: as the SQL of ``by_pair``, over the used lines."""
        cells, n, size = of.cells, of.cell_n, len(of.shown)
        d = np.bincount(denied_cell, minlength=len(self.cell_pair))[cells].astype(float)
        stratum, own = self.cell_stratum[cells], self.cell_own[cells]
        ns, ds = totals.n[stratum], totals.d[stratum]
        # The payer's rate for the procedure without the pair's own lines, leaning on its rate for everything.
        without_n = totals.of_procedure[0][stratum] - of.own_n[own]
        without_d = totals.of_procedure[1][stratum] - _sums(own, d)[own]
        prior = (without_d + PRIOR_LINES * totals.payer_rate[stratum]) / (without_n + PRIOR_LINES)
        expected = n * (ds - d + PRIOR_LINES * prior) / (ns - n + PRIOR_LINES)
        # Where nothing of the stratum is denied there is nothing to draw: all cumulants are 0.
        some = np.flatnonzero(ds)
        cumulants = stats.hypergeometric_cumulants(n[some], ds[some], ns[some])
        values = dict(zip(("mean", "variance", "third", "fourth"), cumulants, strict=True))
        place = of.cell_place
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


def _top(place: np.ndarray, code: np.ndarray, codes: int, size: int) -> np.ndarray:
    """Of each pair the most frequent code, -1 where it has none; ties go to the first in the alphabet."""
    known = code >= 0
    key, count = np.unique(place[known].astype(np.int64) * (codes + 1) + code[known], return_counts=True)
    owner = key // (codes + 1)
    order = np.lexsort((key, -count, owner))
    first = np.ones(len(order), dtype=bool)
    first[1:] = owner[order][1:] != owner[order][:-1]
    result = np.full(size, -1, dtype=np.int64)
    result[owner[order][first]] = key[order][first] % (codes + 1)
    return result


def pairing(
    grain: Grain,
    line: np.ndarray,
    diagnosis: np.ndarray,
    share: np.ndarray,
    *,
    diagnosis_names: list[str],
    strata: np.ndarray,
    procedures: Column,
    payer: np.ndarray,
    person: np.ndarray,
    clustered: Mapping[str, np.ndarray],
    families: Mapping[str, Mapping[str, str]],
) -> Pairing:
    """Rows of lines × diagnoses as pairs of codes, or of families, where a line counts once per pair."""
    line_procedure = procedures.code.astype(np.int64)
    procedure = procedures.code[line]
    left, right = procedures.names, diagnosis_names
    to_family = [
        [family.get(name, codes.UNKNOWN_FAMILY) for name in names]
        for family, names in ((families["hcpcs"], left), (families["diagnosis"], right))
    ]
    if grain == "family":
        (procedure, left), (diagnosis, right) = (
            _grouped(code, names) for code, names in zip((procedure, diagnosis), to_family, strict=True)
        )
        line_procedure = _grouped(line_procedure, to_family[0])[0]
    pair_key = procedure.astype(np.int64) * max(len(right), 1) + diagnosis
    unique, pair = np.unique(pair_key, return_inverse=True)
    if grain == "family":
        pair, line, share = _once(pair, line, share)
    order = np.lexsort((line, person[line], pair))
    # As wide as an index: narrower ones would be widened at every click.
    pair, line, share = pair[order].astype(np.intp), line[order].astype(np.intp), share[order]
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
    if grain == "family":
        keys = pd.DataFrame({"hcpcs_family": first, "diagnosis_family": second}, dtype=object)
    else:
        keys = pd.DataFrame({"hcpcs_code": first, "diagnosis_code": second}, dtype=object)
        for name, side, words in zip(("hcpcs", "diagnosis"), (left, right), to_family, strict=True):
            keys[f"{name}_family"] = keys[f"{name}_code"].map(dict(zip(side, words, strict=True)))
    return Pairing(
        line=line, pair=pair, person=person[line], share=share, cell=cell.astype(np.intp),
        cell_pair=cell_pair, cell_stratum=cell_stratum, cell_own=own, of_procedure=of_procedure,
        of_payer=of_payer, stratum=strata, keys=keys.astype("str"), pair_procedure=unique // max(len(right), 1),
        line_procedure=line_procedure, clustered=clustered,
    )  # fmt: skip


def _grouped(code: np.ndarray, families: list[str]) -> tuple[np.ndarray, list[str]]:
    """Codes as their families' numbers, and the families' names in alphabetical order."""
    names = sorted(set(families))
    place = {name: number for number, name in enumerate(names)}
    # The last one is for a line without a code, whose number is -1.
    return np.array([*(place[name] for name in families), -1], dtype=np.int64)[code], names


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
