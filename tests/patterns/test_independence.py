"""Sums over strata by products of matrices against each stratum's own cumulants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cpticd import stats
from cpticd.patterns import independence
from cpticd.patterns.independence import Margins


@pytest.mark.parametrize("block", [(64, 4096), (3, 2)])
def test_cumulants_are_the_sums_of_each_stratums(
    block: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(independence, "BLOCK", block)
    rng = np.random.default_rng(1)
    p = rng.integers(0, 6, (9, 7)) * (rng.random((9, 7)) < 0.6)
    p[:, 5], p[:, 6] = np.eye(9, dtype=int)[2], 0  # a stratum of one unit, and an empty one
    n = p.sum(axis=0)
    d = np.minimum(rng.integers(0, 9, (11, 7)), n)
    rows = [
        pd.DataFrame(
            [(i, s + 1, v) for (i, s), v in np.ndenumerate(table) if v], columns=["code", "stratum", "n"]
        )
        for table in (p, d)
    ]
    pairs = [(i, j) for i in range(9) for j in range(11) if p[i].any() and d[j].any()]
    i, j = np.array(pairs).T
    tested = (i + j) % 3 > 0
    found = Margins.of(*rows).cumulants(i, j, tested)
    for place, (a, b) in enumerate(pairs):
        used = n > 0
        sums = [float(part.sum()) for part in stats.hypergeometric_cumulants(p[a, used], d[b, used], n[used])]
        assert found["expected"][place] == pytest.approx(sums[0], abs=1e-9)
        if tested[place]:
            higher = [found[name][place] for name in ("variance", "third", "fourth")]
            assert higher == pytest.approx(sums[1:], abs=1e-9)
            assert found["strata"][place] == np.count_nonzero((p[a] > 0) & (d[b] > 0))
        else:
            assert np.isnan(found["variance"][place])


def test_nothing_in_is_nothing_out() -> None:
    empty = pd.DataFrame({"code": [], "stratum": [], "n": []})
    margins = Margins.of(empty, empty)
    found = margins.cumulants(np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool))
    assert all(values.size == 0 for values in found.values())
    assert margins.totals.size == 0
