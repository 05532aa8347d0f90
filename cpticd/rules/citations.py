"""Claims that the evidence of findings cites, beside those that the findings are about."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd
import pyarrow as pa

from cpticd.claims import Claims

_WORD: Final = re.compile(r"[^\s;,()\[\]'\"]+")


def cited(claims: Claims, findings: pd.DataFrame) -> list[str]:
    """The claims, by claim_id and sorted, that any evidence of ``findings`` names; ``findings`` of ``rules.check``."""
    texts = findings["evidence"].dropna().astype(str)
    words = sorted({word.rstrip(".:") for text in texts for word in _WORD.findall(text)})
    with claims.session() as s:
        s.load("cited_words", {"word": pa.array(words, pa.string())})
        found = s.rows(
            "SELECT DISTINCT claim_id FROM claims JOIN cited_words ON word = claim_id ORDER BY claim_id"
        )
    return [row["claim_id"] for row in found]
