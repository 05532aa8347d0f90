"""What becomes of a service, story by story: several payers, parts, reversals, replacements, what decides nothing.

Each claim's story stands in what was billed and what was answered; the expected rows were worked out by hand from the
rulings on ambiguous files (X12's published interpretations, HFMA's definitions). All stories are one data set, which
every engine derives.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cpticd as cx
from cpticd.claims import Claims
from tests.ledger.story import claims_of_stories
from tests.spec import frame, shown

BILLED = """
    A1   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A2   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A3   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A4   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A5   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A6   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A7   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A8#1 | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    A8#2 | 1 | H | 2 |          |   |    | 2025-04-15 | 2025-03-10 | 99213 |    | 100 |
    AX   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    B1   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    B1   | 2 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 93000 |    | 200 |
    B2   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    B2   | 2 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 93000 |    | 200 |
    B3   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 33.33 |
    B3   | 2 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 93000 |    | 33.33 |
    B3   | 3 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 93010 |    | 33.34 |
    B4   | - | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 |       |    | 5000 | 111
    C1   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 97110 |    | 200 |
    C2   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 97530 |    | 120 |
    C3   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 97110 |    | 200 |
    C4   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 97110 |    | 200 |
    C5   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 97110 |    | 200 |
    C5   | 2 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 97112 |    | 100 |
    D1   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    D2   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    D3   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    D3   | 2 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 36415 |    | 100 |
    D4   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E1   | 1 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E1R  | 1 | N | 1 |          | 7 | I1 | 2025-05-05 | 2025-03-10 | 99213 | 25 | 100 |
    E2#1 | 1 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E2#2 | 1 | N | 1 |          | 8 |    | 2025-05-05 | 2025-03-10 | 99213 |    | 100 |
    E3   | 1 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E3X  | 1 | N | 1 |          | 1 |    | 2025-05-05 | 2025-03-10 | 99213 |    | 100 |
    E4   | 1 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E4X  | 1 | N | 1 |          | 1 |    | 2025-03-16 | 2025-03-10 | 99213 |    | 100 |
    E5   | 1 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E5   | 2 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 36415 |    | 20 |
    E5R  | 1 | N | 1 |          | 7 | I5 | 2025-05-05 | 2025-03-10 | 99213 |    | 100 |
    E6   | 1 | N | 1 |          | 1 |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    E6R  | 1 | N | 1 |          | 7 | I6 | 2025-05-05 | 2025-03-10 | 99213 |    | 100 |
    F1   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F2   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F3   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F4   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F5   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F6   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F7   | 1 | P | 1 | commercial |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F8   | 1 | M | 1 | medicare |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    F9   | 1 | M | 1 | medicare |   |    | 2025-03-15 | 2025-03-10 |       |    | 60  | 131
    G1   | 1 | M | 1 | medicare |   |    | 2025-03-15 | 2025-03-10 | 36415 |    | 60  |
    G2   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    G3   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
    G4   | 1 | N | 1 |          |   |    | 2025-03-15 | 2025-03-10 | 99213 |    | 100 |
"""
ANSWERED = """
    A1   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 60  | CO-45 20, PR-2 20
    A1   | 1 | H | 2 | H1 | 2025-04-20 | 2  | 100 | 20  | OA-23 80
    A2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 60  | CO-45 20, PR-2 20
    A2   | 1 | H | 2 | H1 | 2025-04-20 | 2  | 100 | 0   | OA-23 80, CO-29 20
    A3   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | PR-204 100
    A3   | 1 | H | 2 | H1 | 2025-04-20 | 2  | 100 | 70  | CO-45 30
    A4   | 1 | H | 2 | H1 | 2025-03-20 | 2  | 100 | 0   | CO-22 100
    A4   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 75  | CO-45 25
    A5   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | PR-204 100
    A5   | 1 | H | 2 | H1 | 2025-04-20 | 2  | 100 | 0   | PR-27 100
    A6   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-50 100
    A6   | 1 | N | 1 | I1 | 2025-06-01 | 1  | 100 | 80  | CO-45 20
    A7   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 40  | CO-45 10, CO-50 50
    A7   | 1 | H | 2 | H1 | 2025-04-20 | 2  | 100 | 50  | OA-23 50
    A8#1 | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-11 100
    A8#2 | 1 | H | 2 | H1 | 2025-03-20 | 2  | 100 | 20  | OA-23 80
    AX   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | PR-1 100
    AX   | 1 | H | 2 | H1 | 2025-04-20 | 2  | 100 | 0   | CO-29 100
    B1   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 100 |
    B1   | 2 | N | 1 | I1 | 2025-04-01 | 1  | 200 | 200 |
    B1   | - | N | 1 | I1 | 2025-04-01 | 1  | 300 | 0   | CO-29 300
    B2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    B2   | 2 | N | 1 | I1 | 2025-04-01 | 1  | 200 | 120 | CO-45 80
    B2   | - | N | 1 | I1 | 2025-04-01 | 1  | 300 | 100 | PR-1 100
    B3   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 33.33 | 33.33 |
    B3   | 2 | N | 1 | I1 | 2025-04-01 | 1  | 33.33 | 33.33 |
    B3   | 3 | N | 1 | I1 | 2025-04-01 | 1  | 33.34 | 33.34 |
    B3   | - | N | 1 | I1 | 2025-04-01 | 1  | 100 | 98  | CO-253 2
    B4   | - | N | 1 | I1 | 2025-04-01 | 1  | 5000 | 0  | CO-50 5000
    C1   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 150 | 120 | CO-45 30
    C1   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 50  | 0   | CO-151 50
    C2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 40  | 0   | CO-151 40
    C2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 40  | 0   | CO-151 40
    C2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 40  | 0   | CO-151 40
    C3   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 150 | 120 | CO-45 30
    C3   | 1 | N | 1 | I2 | 2025-04-08 | 1  | 50  | 0   | CO-151 50
    C4   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 200 | 120 | CO-45 80
    C4   | 1 | N | 1 | I2 | 2025-04-08 | 1  | 200 | 150 | CO-45 50
    C5   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 200 | 120 | CO-45 80
    C5   | ? | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-97 100
    C5   | - | N | 1 | I1 | 2025-04-01 | 1  | 300 | 120 |
    D1   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    D1   | 1 | N | 1 | I2 | 2025-06-01 | 1  | 100 | 90  | CO-45 10
    D1   | 1 | N |   | I1 | 2025-06-01 | 22 | -100 | -80 | CO-45 -20
    D2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    D2   | 1 | N |   | I1 | 2025-06-01 | 22 | -100 | -80 | CO-45 -20
    D2   | 1 | N |   | I2 | 2025-06-01 | 22 | 100 | 90  | CO-45 10
    D3   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 60  | CO-45 40
    D3   | 2 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 60  | CO-45 40
    D3   | 2 | N |   | I1 | 2025-06-01 | 22 | -100 | -60 | CO-45 -40
    D3   | 2 | N | 1 | I2 | 2025-06-01 | 1  | 100 | 0   | CO-50 100
    D4   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    D4   | 1 | N |   | I1 | 2025-06-01 | 22 | 100 | 80  | CO-45 20
    E1   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-11 100
    E1R  | 1 | N | 1 | I7 | 2025-06-01 | 1  | 100 | 80  | CO-45 20
    E2#1 | 1 | N | 1 | I2 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    E2#1 | 1 | N |   | I2 | 2025-06-01 | 22 | -100 | -80 | CO-45 -20
    E3   | 1 | N | 1 | I3 | 2025-04-01 | 1  | 100 | 0   | CO-16 100, remark M51
    E3X  | 1 | N | 1 | I8 | 2025-06-01 | 1  | 100 | 80  | CO-45 20
    E4   | 1 | N | 1 | I4 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    E4X  | 1 | N | 1 | I9 | 2025-04-02 | 1  | 100 | 0   | CO-18 100
    E5   | 1 | N | 1 | I5 | 2025-04-01 | 1  | 100 | 0   | CO-11 100
    E5   | 2 | N | 1 | I5 | 2025-04-01 | 1  | 20  | 15  | CO-45 5
    E5R  | 1 | N | 1 | J5 | 2025-06-01 | 1  | 100 | 80  | CO-45 20
    E6   | 1 | N | 1 | I6 | 2025-04-01 | 1  | 100 | 80  | CO-45 20
    E6R  | 1 | N | 1 | J6 | 2025-06-01 | 1  | 100 | 0   | CO-29 100
    F1   | 1 | N | 1 | I1 | 2025-04-01 | 25 | 100 | 0   | CO-45 20, OA-101 80
    F2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | OA-133 100
    F2   | 1 | N | 1 | I1 | 2025-06-01 | 1  | 100 | 0   | CO-50 100
    F3   | 1 | N | 1 | I1 | 2025-04-01 | 23 | 100 | 0   | CO-109 100
    F4   | 1 | N | 1 | I1 | 2025-04-01 | 4  | 100 | 0   | PR-1 100
    F5   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-45 100
    F6   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   |
    F7   | 1 | P | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-24 100
    F8   | 1 | M | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-24 100
    F9   | 1 | M | 1 | I1 | 2025-04-01 | 1  | 60  | 0   | CO-97 60
    G1   | 1 | M | 1 | I1 | 2025-04-01 | 1  | 60  | 0   | CO-97 60
    G2   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-16 100, remark MA130, remark M76
    G3   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 80  | CO-97 120, CO-45 -100
    G4   | 1 | N | 1 | I1 | 2025-04-01 | 1  | 100 | 0   | CO-A1 100, remark N115
"""
#: claim and line | payer that decided first | first | last | paid | patient | denied at first | denied at last | cause
EXPECTED = """
    story | payer | first | last | paid | patient | denied | left | carc
    A1 1 | N | paid | paid | 80 | 0 | 0 | 0 |
    A2 1 | N | paid | paid | 60 | 0 | 0 | 0 |
    A3 1 | N | denied | paid | 70 | 0 | 100 | 0 | 204
    A4 1 | N | paid | paid | 75 | 0 | 0 | 0 |
    A5 1 | N | denied | denied | 0 | 100 | 100 | 100 | 204
    A6 1 | N | denied | paid | 80 | 0 | 100 | 0 | 50
    A7 1 | N | partly denied | paid | 90 | 0 | 50 | 0 | 50
    A8#1 1 | N | denied | paid | 20 | 0 | 100 | 0 | 11
    A8#2 1 | H | counted elsewhere | counted elsewhere | | | | |
    AX 1 | N | paid | paid | 0 | 0 | 0 | 0 |
    B1 1 | N | denied | denied | 0 | 0 | 100 | 100 | 29
    B1 2 | N | denied | denied | 0 | 0 | 200 | 200 | 29
    B2 1 | N | paid | paid | 46.67 | 33.33 | 0 | 0 |
    B2 2 | N | paid | paid | 53.33 | 66.67 | 0 | 0 |
    B3 1 | N | paid | paid | 32.66 | 0 | 0 | 0 |
    B3 2 | N | paid | paid | 32.67 | 0 | 0 | 0 |
    B3 3 | N | paid | paid | 32.67 | 0 | 0 | 0 |
    C1 1 | N | partly denied | partly denied | 120 | 0 | 50 | 50 | 151
    C2 1 | N | denied | denied | 0 | 0 | 120 | 120 | 151
    C3 1 | N | partly denied | partly denied | 120 | 0 | 50 | 50 | 151
    C4 1 | N | paid | paid | 150 | 0 | 0 | 0 |
    C5 1 | N | partly denied | partly denied | 120 | 0 | 80 | 80 | 97
    C5 2 | N | not adjudicated | not adjudicated | | | | |
    D1 1 | N | paid | paid | 90 | 0 | 0 | 0 |
    D2 1 | N | paid | paid | 90 | 0 | 0 | 0 |
    D3 1 | N | paid | paid | 60 | 0 | 0 | 0 |
    D3 2 | N | paid | denied | 0 | 0 | 0 | 100 |
    D4 1 | N | paid | not adjudicated | 0 | 0 | 0 | 0 |
    E1 1 | N | denied | paid | 80 | 0 | 100 | 0 | 11
    E1R 1 | N | counted elsewhere | counted elsewhere | | | | |
    E2#1 1 | N | paid | void | 0 | 0 | 0 | 0 |
    E2#2 1 | N | void | void | | | | |
    E3 1 | N | denied | paid | 80 | 0 | 100 | 0 | 16
    E3X 1 | N | counted elsewhere | counted elsewhere | | | | |
    E4 1 | N | paid | paid | 80 | 0 | 0 | 0 |
    E4X 1 | N | denied | denied | 0 | 0 | 100 | 100 | 18
    E5 1 | N | denied | paid | 80 | 0 | 100 | 0 | 11
    E5 2 | N | paid | void | 15 | 0 | 0 | 0 |
    E5R 1 | N | counted elsewhere | counted elsewhere | | | | |
    E6 1 | N | paid | paid | 80 | 0 | 0 | 0 |
    E6R 1 | N | counted elsewhere | counted elsewhere | | | | |
    F1 1 | N | not adjudicated | not adjudicated | | | | |
    F2 1 | N | denied | denied | 0 | 0 | 100 | 100 | 50
    F3 1 | N | not adjudicated | not adjudicated | | | | |
    F4 1 | N | paid | paid | 0 | 100 | 0 | 0 |
    F5 1 | N | nothing paid | nothing paid | 0 | 0 | 0 | 0 |
    F6 1 | N | nothing paid | nothing paid | 0 | 0 | 0 | 0 |
    F7 1 | P | nothing paid | nothing paid | 0 | 0 | 0 | 0 |
    F8 1 | M | denied | denied | 0 | 0 | 100 | 100 | 24
    F9 1 | M | nothing paid | nothing paid | 0 | 0 | 0 | 0 |
    G1 1 | M | denied | denied | 0 | 0 | 60 | 60 | 97
    G2 1 | N | not adjudicated | not adjudicated | | | | |
    G3 1 | N | partly denied | partly denied | 80 | 0 | 20 | 20 | 97
    G4 1 | N | denied | denied | 0 | 0 | 100 | 100 | A1
"""


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claims_of_stories(BILLED, ANSWERED)


def outcomes(claims: Claims) -> list[tuple[Any, ...]]:
    found = claims.query("SELECT * FROM line_outcomes ORDER BY claim_id, claim_line_number")
    found["story"] = found["claim_id"] + " " + found["claim_line_number"].astype(str)
    columns = [
        "story", "payer", "initial_outcome", "final_outcome", "paid_amount", "patient_responsibility_amount",
        "denied_amount", "final_denied_amount", "denial_carc",
    ]  # fmt: skip
    for name in columns[4:8]:
        found[name] = found[name].astype(float)
    return shown(found, *columns)


def expected() -> list[tuple[Any, ...]]:
    rows = frame(EXPECTED)
    for name in ("paid", "patient", "denied", "left"):
        rows[name] = pd.to_numeric(rows[name])
    return shown(rows)


def test_every_story_ends_as_it_must(claims: Claims) -> None:
    found, wanted = outcomes(claims), expected()
    assert [row for row in found if row not in wanted] == []
    assert found == wanted


def test_a_claim_without_lines_is_denied_as_a_whole(claims: Claims) -> None:
    found = claims.query("SELECT * FROM claim_outcomes WHERE claim_id = 'B4'")
    assert shown(found, "initial_outcome", "final_outcome", "denial_carc") == [("denied", "denied", "50")]
    assert float(found["denied_amount"][0]) == 5000


def test_a_service_is_charged_and_counted_once(claims: Claims) -> None:
    twice = claims.where(persons=["E1", "E3"])
    for unit, size in (("claims", 2), ("lines", 2), ("charge", 200)):
        first = cx.denials.rates(twice, unit=unit).iloc[0]
        last = cx.denials.rates(twice, unit=unit, decision="final", maturity_days=0).iloc[0]
        assert (float(first["n"]), float(first["denied"])) == (size, size)
        assert (float(last["n"]), float(last["denied"])) == (size, 0)


def test_a_service_knows_its_chain_its_state_and_its_days(claims: Claims) -> None:
    wanted = "'A1', 'A5', 'A6', 'A8#1', 'AX', 'B4', 'E1', 'E2#1', 'F2', 'F3', 'F4', 'F6', 'G2'"
    found = claims.query(
        "SELECT claim_id, last_claim_id, submissions, payers, state, days_to_resubmission, days_to_resolution "
        f"FROM services WHERE claim_id IN ({wanted}) ORDER BY claim_id"
    )
    assert shown(found) == [
        ("A1", "A1", 1, 2, "paid at first", None, None),
        ("A5", "A5", 1, 2, "open", None, None),
        ("A6", "A6", 1, 1, "overturned", None, 61),
        ("A8#1", "A8#1", 1, 2, "overturned", None, 0),  # the second payer had paid before the first denied
        (
            "AX",
            "AX",
            1,
            2,
            "nothing paid",
            None,
            None,
        ),  # left to the patient, then refused as the provider's own loss
        ("B4", "B4", 1, 1, "open", None, None),
        ("E1", "E1R", 2, 1, "overturned", 34, 61),
        ("E2#1", "E2#1", 1, 1, "void", None, None),
        ("F2", "F2", 1, 1, "open", None, None),
        ("F3", "F3", 1, 0, "not adjudicated", None, None),
        ("F4", "F4", 1, 1, "patient's", None, None),
        ("F6", "F6", 1, 1, "nothing paid", None, None),
        ("G2", "G2", 1, 0, "returned", None, None),
    ]


def test_what_the_reasons_mean_can_be_replaced_row_by_row(claims: Claims) -> None:
    own = claims.table("adjustment_meanings").iloc[:1].assign(
        carc="45", payer="N", meaning="denial", category="underpayment"
    )  # fmt: skip
    judged = claims.with_references(adjustment_meanings=own)
    at = "SELECT initial_outcome, denial_category FROM line_outcomes WHERE claim_id IN ('F5', 'F7') ORDER BY claim_id"
    assert shown(claims.query(at)) == [("nothing paid", None), ("nothing paid", None)]
    assert shown(judged.query(at)) == [("denied", "underpayment"), ("nothing paid", None)]


def test_the_remark_names_the_cause_of_a_reason_that_needs_one(claims: Claims) -> None:
    found = claims.query("SELECT denial_category FROM line_outcomes WHERE claim_id = 'G4'")
    assert found["denial_category"][0] == "medical necessity or level of care"


def test_the_explanation_tells_every_payer_and_version(claims: Claims) -> None:
    keys = pd.DataFrame({"claim_id": ["A1", "E1", "E1R", "F2", "D1"], "claim_line_number": 1})
    said = cx.denials.explain(claims, keys).set_index("claim_id")
    assert (
        "2025-04-01: N paid $60.00;" in said["said"]["A1"]
        and "2025-04-20: H paid $20.00;" in said["said"]["A1"]
    )
    assert "2025-06-01, version 2 of the claim: paid $80.00" in said["said"]["E1"]
    assert said["owed"]["E1R"] == "Counted with the same service on another version of its claim."
    assert said["said"]["F2"].startswith("2025-04-01: not decided yet.")
    assert "earlier payment taken back" in said["said"]["D1"]


def test_the_explanation_reads_reasons_as_the_ledger_does(claims: Claims) -> None:
    keys = pd.DataFrame({"claim_id": ["F7", "F8", "F9", "G1", "G4"], "claim_line_number": 1})
    said = cx.denials.explain(claims, keys).set_index("claim_id")["said"]
    assert "CO-24 $100.00 (paid for by the month)" in said["F7"]
    assert "CO-24 $100.00 (eligibility or coordination of benefits)" in said["F8"]
    assert "CO-97 $60.00 (paid within another service)" in said["F9"]
    assert "CO-97 $60.00 (bundling or missing qualifying service)" in said["G1"]
    assert "CO-A1 $100.00 (medical necessity or level of care); remarks N115" in said["G4"]


@pytest.mark.parametrize("engine", ["spark"])
def test_every_engine_derives_the_same(
    claims: Claims, tmp_path: Path, spark_session: Any, engine: str
) -> None:
    folder = claims.save(tmp_path / "stories")
    manifest = json.loads((folder / "cpticd.json").read_text())
    (folder / "cpticd.json").write_text(json.dumps(manifest | {"model": "another", "kept": []}))
    twin = cx.open(folder, engine=engine, session=spark_session)
    assert outcomes(twin) == outcomes(claims)
    order = "ORDER BY claim_id, claim_line_number"
    for relation in ("services", "ledger", "versions", "chains"):
        by = order if relation != "chains" else "ORDER BY claim_id"
        more = ", adjudication_number" if relation == "ledger" else ""
        here, there = (each.query(f"SELECT * FROM {relation} {by}{more}") for each in (claims, twin))
        assert shown(there.astype(object)) == shown(here.astype(object)), relation
