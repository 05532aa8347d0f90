"""Patterns of coding, for research: what stands together, who codes how, in which mix, since when."""

from cpticd.patterns.association import association

__all__ = ["association"]
