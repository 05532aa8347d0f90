"""Add-on codes and the services that they need; lists are written for the tests, after CMS's layout."""

from __future__ import annotations

import cpticd as cx
from tests.rules.services import found, services, table

RULE = "add_on_without_primary"
LISTS = {
    "ncci_addon": table("""
        add_on_code | primary_code | add_on_type | effective_from | effective_to
        17003       | 17000        | 1           | 2013-04-01     |
        96415       | 96413        | 1           | 2013-04-01     | 2024-06-30
        99153       |              | 2           | 2017-01-01     |
        64484       | 64483        | 3           | 2013-04-01     |
    """)
}


def test_a_fixed_list_needs_one_of_its_services_on_the_claim_or_the_day() -> None:
    claims = services("""
        claim   | line | person | rendering | day        | bill | code  | units
        with    | 1    | p1     | d1        | 2024-03-01 |      | 17000 | 1
        with    | 2    | p1     | d1        | 2024-03-01 |      | 17003 | 4
        alone   | 1    | p2     | d1        | 2024-03-01 |      | 17003 | 4
        alone   | 2    | p2     | d1        | 2024-03-01 |      | 11102 | 1
        day_a   | 1    | p3     | d1        | 2024-03-01 |      | 17000 | 1
        day_b   | 1    | p3     | d1        | 2024-03-01 |      | 17003 | 1
        next_a  | 1    | p4     | d1        | 2024-03-01 |      | 17000 | 1
        next_b  | 1    | p4     | d1        | 2024-03-02 |      | 17003 | 1
        else_a  | 1    | p5     | d1        | 2024-03-01 |      | 17000 | 1
        else_b  | 1    | p5     | d2        | 2024-03-01 |      | 17003 | 1
        stay    | 1    | p6     | d1        | 2024-03-01 | 111  | 17003 | 1
        night   | 1    | p7     | d1        | 2024-03-01 | 131  | 96413 | 1
        night   | 2    | p7     | d1        | 2024-03-02 | 131  | 96415 | 1
    """)
    assert found(claims, RULE, tables=LISTS) == ["alone/1 17003", "else_b/1 17003", "next_b/1 17003"]
    severity = cx.rules.check(claims, RULE, tables=LISTS).set_index("claim_id")["severity"]
    assert severity.to_dict() == {"alone": "error", "else_b": "warning", "next_b": "error"}


def test_an_edit_holds_between_its_dates() -> None:
    claims = services("""
        claim | day        | code
        early | 2013-03-31 | 17003
        first | 2013-04-01 | 17003
        last  | 2024-06-30 | 96415
        late  | 2024-07-01 | 96415
    """)
    result = cx.rules.check(claims, RULE, tables=LISTS)
    assert result["claim_id"].tolist() == ["first", "last"]
    assert set(result["evidence"]) == {"add-on type 1; primary codes listed 1"}
    assert set(result["effective_date"].astype(str)) == {"2013-04-01"}


def test_without_a_full_list_any_procedure_that_is_no_add_on_may_do() -> None:
    # Types 2 and 3: the contractor says which services suffice; drugs and other add-ons are none.
    claims = services("""
        claim   | line | code
        two     | 1    | 99153
        two     | 2    | 45378
        drug    | 1    | 99153
        drug    | 2    | J2250
        addon   | 1    | 99153
        addon   | 2    | 17003
        addon   | 3    | 17000
        only    | 1    | 99153
        only    | 2    | 64484
        three   | 1    | 64484
        three   | 2    | 64483
        partial | 1    | 64484
        partial | 2    | 62323
    """)
    assert found(claims, RULE, tables=LISTS) == ["drug/1 99153", "only/1 99153", "only/2 64484"]


def test_a_replacement_does_not_lend_its_primary_service() -> None:
    claims = services("""
        claim | line | person | code  | replaces
        old   | 1    | p1     | 17000 |
        old   | 2    | p1     | 17003 |
        new   | 1    | p1     | 17003 | old
        v1    | 1    | p2     | 17003 |
        v2    | 1    | p2     | 17003 | v1
        v2    | 2    | p2     | 17000 | v1
    """)
    assert found(claims, RULE, tables=LISTS) == ["new/1 17003", "v1/1 17003"]
