"""Streams of random numbers that are the same on every platform.

Only uniform variates of PCG64 are used, one stream per purpose and seed, and every distribution is an inverse
transform made of +, −, ×, ÷ and comparisons: IEEE arithmetic fixes their last bit, which it does not for exp or log.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from cpticd.simulation.vectors import Floats, Ints


class Streams:
    """Independent streams of uniform variates by name: ``draws("visits", n)`` never shifts ``draws("sex", n)``.

    A new stage draws from streams of its own, so that what was drawn before stays as it is.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, np.random.Generator] = {}

    def __call__(self, name: str, size: int | tuple[int, ...]) -> Floats:
        """Uniform variates in [0, 1) from the stream ``name``, which goes on where it stopped."""
        if name not in self._streams:
            sequence = np.random.SeedSequence([self.seed, zlib.crc32(name.encode())])
            self._streams[name] = np.random.Generator(np.random.PCG64(sequence))
        return self._streams[name].random(size)

    def below(self, name: str, size: int, limit: Any) -> Ints:
        """Integers from 0 up to, not including, ``limit`` (a number or one per element)."""
        return (self(name, size) * limit).astype(np.int64)


def cumulative(weights: Any) -> Floats:
    """Shares of ``weights`` added up; the last is exactly 1."""
    total = np.cumsum(np.asarray(weights, dtype=np.float64))
    shares: Floats = total / total[-1]
    return shares


def pick(uniform: Floats, weights: Any) -> Ints:
    """Index of the weight into whose share each uniform variate falls."""
    return np.searchsorted(cumulative(weights)[:-1], uniform, side="right").astype(np.int64)


def small_count(uniform: Floats, mean: Floats) -> Ints:
    """Counts 0–4 with the mean given (at most 3.6), binomial with four trials."""
    p = np.minimum(mean / 4.0, 0.9)
    q = 1.0 - p
    terms = (q * q * q * q, 4.0 * p * q * q * q, 6.0 * p * p * q * q, 4.0 * p * p * p * q)
    count = np.zeros(uniform.shape, dtype=np.int64)
    edge = np.zeros(uniform.shape)
    for term in terms:
        edge = edge + term
        count += uniform >= edge
    return count
