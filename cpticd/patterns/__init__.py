"""Patterns of coding, for research: what stands together, who codes how, in which mix, since when."""

from cpticd.patterns.association import association
from cpticd.patterns.drift import drift
from cpticd.patterns.mix import mix
from cpticd.patterns.providers import providers

__all__ = ["association", "drift", "mix", "providers"]
