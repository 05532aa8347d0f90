"""HHS-HCC: the risk adjustment models of the individual and small group markets (42 USC 18063, 45 CFR 153.320).

A benefit year pays on its own diagnoses (concurrent), so ``payment_year`` is the benefit year. Persons up to 1 year are
scored by the infant model, 2 to 20 by the child model, from 21 on by the adult model, each with a column of
coefficients per metal level.
"""

from __future__ import annotations

from cpticd.risk.hhs.tables import MODELS, is_hhs

__all__ = ["MODELS", "is_hhs"]
