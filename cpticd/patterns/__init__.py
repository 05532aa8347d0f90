"""Patterns of coding, for research: what stands together, who codes how, in which mix, since when."""

from cpticd.patterns.association import association
from cpticd.patterns.drift import drift
from cpticd.patterns.mix import mix
from cpticd.patterns.network import network, to_networkx
from cpticd.patterns.providers import providers

__all__ = ["association", "drift", "mix", "network", "providers", "to_networkx"]
