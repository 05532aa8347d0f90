"""Tuva's input layer (https://thetuvaproject.com): medical_claim, eligibility, pharmacy_claim, in files or a database.

Names of columns are those of releases 0.6 to 1.0; columns that a connector adds begin with ``x_``.
"""

from __future__ import annotations

from cpticd.loaders.tuva.medical_claim import load as load
from cpticd.loaders.tuva.medical_claim import tell as tell
