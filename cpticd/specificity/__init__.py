"""Specificity: what diagnosis codes leave open, whether payers mind, and what it does to both ledgers.

    cx.specificity.share(claims, by="payer")       # how much of the coding is unspecified
    cx.specificity.effect(claims)                  # denial odds of unspecified against specific siblings
    cx.specificity.two_ledgers(claims, gaps)       # denials and risk adjustment, one row per diagnosis family
    cx.specificity.calendar(claims)                # breaks around October 1, April 1, January 1

An unspecified code is not an error: often nothing more is known, or the list has no better code. Whether a record
says more, a coder finds out. What single codes leave open: ``cx.reference.traits.classify``.
"""

from cpticd.specificity.breaks import calendar
from cpticd.specificity.effects import effect
from cpticd.specificity.ledgers import two_ledgers
from cpticd.specificity.shares import share

__all__ = ["calendar", "effect", "share", "two_ledgers"]


def __dir__() -> list[str]:
    return list(__all__)
