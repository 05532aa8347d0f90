"""Frames with the columns that the analyses return, written as text."""

from __future__ import annotations

import io

import pandas as pd

from cpticd.core.contract import amend


def frame(text: str, **contract: object) -> pd.DataFrame:
    """A DataFrame from columns separated by ``|``; an empty cell is missing, true and false are flags."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = "\n".join("|".join(cell.strip() for cell in line.split("|")) for line in lines)
    codes = dict.fromkeys(("hcpcs_code", "diagnosis_code", "billing_npi", "top_carc"), "string")
    result = pd.read_csv(io.StringIO(rows), sep="|", dtype=codes)
    if "period" in result:
        result["period"] = pd.to_datetime(result["period"])
    if contract:
        amend(result, **contract)
    return result


CAUSES = frame(
    """
    category           |lines|denied_amount|share|cumulative_share|coding_related|diagnosis_related|preventable
    medical necessity  |   40|      12000.5| 0.60|            0.60|partly        |yes              |partly
    timely filing      |   10|       5000.0| 0.25|            0.85|no            |no               |yes
    procedure, modifier|   30|       3000.0| 0.15|            1.00|yes           |no               |yes
    """
)
_PAIR_MEASURES = """|lines|persons|denied_lines|rate|low|high|expected_rate|shrunk_rate|excess_denials|p_value|q_value|lift|denied_amount|top_category|top_carc"""
PAIRS = frame(
    f"""
    hcpcs_code|diagnosis_code|hcpcs_family|diagnosis_family{_PAIR_MEASURES}
    99213|E119 |Evaluation and management|Endocrine |400|200|100|0.25|0.21|0.29|0.10|0.24|60|0.0001|0.0004|2.5|50000|medical necessity|50
    80053|E119 |Pathology and laboratory |Endocrine |100| 80| 10|0.10|0.06|0.17|0.11|0.10|-1|0.6   |0.8   |0.9| 1200|duplicate        |18
    99213|I10  |Evaluation and management|Circulatory|50| 45|  5|0.10|0.04|0.21|    |0.10|  |      |      |   |  400|                 |
    """,
    measure="lines",
)
FAMILIES = PAIRS.drop(columns=["hcpcs_code", "diagnosis_code"])
RATES = frame(
    """
    payer |   n|denied|partly_denied| rate|  low| high|denied_amount
    North | 100|     5|            1| 0.05| 0.02| 0.11|          500
    South |2000|   400|           10| 0.20| 0.18| 0.22|        90000
    <b>East|  0|     0|            0|     |     |     |            0
    """,
    measure="initial denial rate by service lines",
    denominator="service lines",
)
OVERALL = frame("n|denied|partly_denied|rate|low|high|denied_amount\n2100|405|11|0.193|0.176|0.21|90500")
TREND = frame(
    """
    period    |  n|denied|rate|center|lower|upper|mature|signal     |direction
    2024-01-01|100|    10|0.10|  0.12| 0.05| 0.19|true  |           |
    2024-02-01|120|    36|0.30|  0.12| 0.06| 0.18|true  |above limit|rise
    2024-03-01| 20|     1|0.05|  0.12| 0.00| 0.26|false |           |
    """
)
DELAY = frame(
    """
    day|at_risk|adjudicated|survival| low|high
      0|    100|          0|    1.00|1.00|1.00
     14|    100|         60|    0.40|0.30|0.50
     30|     38|         20|    0.19|0.12|0.28
    """
)
#: A payer, a procedure, both, a provider and a pair; the excess of the last may not be shown.
DRIVERS = frame(
    """
    level|payer|hcpcs_code|billing_npi|diagnosis_code|lines|persons|denied_lines|rate|low|high|expected_denials|expected_rate|excess_denials|excess_low|excess_high|odds_ratio|p_value|q_value|denied_amount|excess_amount|top_category|top_carc|since
    payer                              |North   |     |    |    |1000|300|300|0.30|0.27|0.33|200|0.20|100|70|130|1.7|0.001|0.010|90000|30000|duplicate        |18|
    payer × hcpcs_code                 |North   |97110|    |    | 100| 80| 40|0.40|0.31|0.50| 10|0.10| 30|21| 40|6.0|0.001|0.002| 4000| 3000|medical necessity|50|2025-06-01
    hcpcs_code                         |        |82306|    |    | 200|150| 60|0.30|0.24|0.37| 40|0.20| 20| 8| 34|1.7|0.002|0.020| 3000| 1000|coverage         |96|
    billing_npi                        |        |     |1234|    |  90| 60| 20|0.22|0.14|0.31| 12|0.13|  8| 1| 16|1.9|0.010|0.090| 1500|  600|                 |  |
    payer × hcpcs_code × diagnosis_code|<b>East|99213|    |I10 |  40| 35| 20|0.50|0.35|0.65|  4|0.10|   |  |   |   |0.001|0.004| 1000|     |medical necessity|50|
    """
)  # fmt: skip
DRIVERS["since"] = pd.to_datetime(DRIVERS["since"])
RATES_BY_TWO = frame(
    """
    payer|hcpcs_code|   n|denied|partly_denied| rate|  low| high|denied_amount
    North|99213     | 400|    40|            1| 0.10| 0.07| 0.13|         4000
    North|80053     | 100|    30|            0| 0.30| 0.22| 0.40|         1500
    South|99213     |  10|     5|            0| 0.50| 0.24| 0.76|          500
    South|97110     |  50|     1|            0| 0.02| 0.00| 0.10|           90
    """,
    measure="initial denial rate by service lines",
    denominator="service lines adjudicated",
)
