"""Frames of risk adjustment with the columns that its analyses return, small enough to check by eye."""

from __future__ import annotations

import pandas as pd

from cpticd.core.contract import amend
from tests.charts.samples import frame as typed

CONTRACT = {"model": "V28", "payment_year": 2026, "base_rate": 1000.0}


def frame(text: str, **contract: object) -> pd.DataFrame:
    """As ``samples.frame``; HCCs and persons are text, codes separated by blanks are lists."""
    result = typed(text, **contract)
    for column in ("hcc", "person_id"):
        if column in result:
            result[column] = [
                "" if pd.isna(value) else str(value).removesuffix(".0") for value in result[column]
            ]
    if "diagnosis_codes" in result:
        result["diagnosis_codes"] = result["diagnosis_codes"].fillna("").str.split()
    return result


IMPACT = frame(
    """
    person_id|hcc|label                 |kind       |confidence|expected_score|expected_dollars
    p1       |37 |Diabetes, complicated |lapsed     |0.8       | 0.130        | 1560
    p1       |226|Heart failure         |implied    |0.6       | 0.200        | 2400
    p2       |37 |Diabetes, complicated |lapsed     |0.7       | 0.120        | 1440
    p2       |328|Kidney disease, 3B    |combination|0.9       | 0.110        | 1320
    p3       |<b>|                      |learned    |0.5       | 0.050        |  600
    p3       |100|Stroke                |unsupported|0.5       |-0.200        |-2400
    p4       |37 |Diabetes, complicated |unsupported|0.9       |-0.150        |-1800
    """,
    **CONTRACT,
)
_TOTALS = frame(
    """
    direction  |kind       |gaps|persons|score |expected_score|low   |high  |dollars|expected_dollars|low_dollars|high_dollars
    coded      |coded      |0   |9      | 4.000| 4.000        | 4.000| 4.000|48000  |48000           |48000      |48000
    gaps       |lapsed     |2   |2      | 0.333| 0.250        | 0.100| 0.400| 4000  | 3000           | 1200      | 4800
    gaps       |combination|1   |1      | 0.122| 0.110        | 0.050| 0.170| 1467  | 1320           |  600      | 2040
    gaps       |implied    |1   |1      | 0.333| 0.200        | 0.000| 0.400| 4000  | 2400           |    0      | 4800
    gaps       |learned    |1   |1      | 0.100| 0.050        | 0.000| 0.100| 1200  |  600           |    0      | 1200
    gaps       |gaps       |5   |3      | 0.888| 0.610        | 0.400| 0.820|10667  | 7320           | 4800      | 9840
    unsupported|unsupported|2   |2      |-0.567|-0.350        |-0.500|-0.200|-6800  |-4200           |-6000      |-2400
    reviewed   |reviewed   |7   |4      | 4.321| 4.260        | 4.000| 4.520|51867  |51120           |48000      |54240
    """
).to_dict("records")
amend(IMPACT, records={"totals": _TOTALS})

RECAPTURE = frame(
    """
    hcc|label                |year|due|recaptured|recapture_rate|low  |high
    37 |Diabetes, complicated|2024| 80|60        |0.75          |0.645|0.832
    37 |Diabetes, complicated|2025| 90|81        |0.90          |0.821|0.947
    226|Heart failure        |2025| 20|10        |0.50          |0.299|0.701
    18 |<i>Metastatic        |2025|  3| 1        |0.333         |0.061|0.792
    96 |Never due            |2025|  0| 0        |              |     |
    """
)
PREVALENCE = frame(
    """
    hcc|label                |coded|coded_low|coded_high|expected|expected_low|expected_high|persons
    37 |Diabetes, complicated|0.100|0.080    |0.125     |0.104   |0.101       |0.107        |1000
    226|Heart failure        |0.030|0.021    |0.043     |0.042   |0.038       |0.046        |1000
    100|Stroke               |0.012|0.007    |0.021     |0.004   |0.002       |0.006        |1000
    """
)
EXPLAINED = frame(
    """
    person_id|segment|kind       |term           |label                     |value|hcc|diagnosis_codes|removed_by|reason
    p1       |CNA    |demographic|F70_74         |Female, 70–74 years       |0.395|   |               |          |
    p1       |CNA    |disease    |HCC37          |Diabetes, complicated     |0.166|37 |E1122 E1142    |          |
    p1       |CNA    |disease    |HCC226         |Heart failure             |0.360|226|I509           |          |
    p1       |CNA    |interaction|DIABETES_HF_V28|Diabetes and heart failure|0.112|   |               |          |
    p1       |CNA    |count      |D2             |2 payment HCCs            |0    |   |               |          |
    p1       |CNA    |removed    |HCC38          |Diabetes, <b>other        |0    |38 |E119           |36 37     |hierarchy: HCC 37 stands above it
    """,
    model="V28",
)
GAPS = frame(
    """
    person_id|hcc|label                |kind       |status                |confidence|calibration
    p1       |37 |Diabetes, complicated|lapsed     |open                  |0.8       |simulated persons: lapsed, 1 claim
    p1       |226|Heart failure        |implied    |open                  |0.6       |simulated persons: implied, usual
    p2       |37 |Diabetes, complicated|lapsed     |closed by a higher HCC|0.7       |simulated persons: lapsed, 1 claim
    """,
    left_out={"learned": {"pairs": 12, "expected": 0.5}, "implied": {"services without an HCC": 3}},
)
UNSUPPORTED = frame(
    """
    person_id|hcc|label                |confidence|counted
    p3       |100|Stroke               |0.5       |true
    p4       |37 |Diabetes, complicated|0.9       |true
    """,
    exclusions="confidence below 0.05",
    rows_left_out=7,
    confidence="scorecard unsupported_weights, estimated on simulated persons",
)
UNSUPPORTED["reasons"] = [["one claim", "acute code outside a hospital"], ["one claim"]]
