"""CMS's reports written as CMS sends them, for invented persons; positions by hand from the published layouts."""

from __future__ import annotations

from collections.abc import Iterable

#: Where the fields that the tests fill stand in a membership record of 495 characters.
_MMR = {
    "contract": (1, 5), "run": (6, 8), "paid_in": (14, 6), "person": (20, 12), "surname": (32, 7), "sex": (40, 1),
    "born": (41, 8), "county": (53, 5), "hospice": (61, 1), "esrd": (62, 1), "lti": (67, 1), "default": (71, 1),
    "factor_a": (72, 7), "factor_b": (79, 7), "months_a": (86, 2), "months_b": (88, 2), "arc": (90, 2),
    "start": (92, 8), "end": (100, 8), "amount_a": (126, 9), "amount_b": (135, 9), "plan": (185, 3), "type": (189, 2),
    "frailty": (191, 1), "orec": (192, 1), "lag": (193, 1), "frailty_factor": (412, 7), "dual": (446, 2),
}  # fmt: skip


def record(size: int, fields: Iterable[tuple[tuple[int, int], str]]) -> str:
    """A record of ``size`` characters with each value at its place (first position, width)."""
    text = [" "] * size
    for (start, width), value in fields:
        assert len(value) <= width, (start, width, value)
        text[start - 1 : start - 1 + len(value)] = value
    return "".join(text)


def membership(person: str, month: str, score: float, **given: str) -> str:
    """A record of the MMR: ``month`` is YYYYMM, ``score`` the risk factor of both parts."""
    usual = {
        "contract": "H1234", "run": "20260103", "paid_in": month, "person": person, "surname": "NOBODY", "sex": "F",
        "born": "19500601", "factor_a": f"{score:7.4f}", "factor_b": f"{score:7.4f}", "months_a": "01", "months_b": "01",
        "start": f"{month}01", "end": f"{month}28", "amount_a": "   400.00", "amount_b": "   600.00", "type": "CN",
        "orec": "0", "lag": "N",
    }  # fmt: skip
    return record(495, ((_MMR[name], value) for name, value in (usual | given).items()))


def output_header(month: str = "202607") -> str:
    return record(200, [((1, 1), "1"), ((2, 5), "H1234"), ((7, 8), "20260620"), ((15, 6), month)])


def output(letter: str, person: str, positions: Iterable[int], *, first: int = 70, last: int = 184) -> str:
    """A detail record of the MOR with ones at ``positions`` and zeros at the other flags."""
    fields = [((1, 1), letter), ((2, 12), person), ((34, 8), "19500601"), ((42, 1), "2")]
    flags = [((at, 1), "1" if at in set(positions) else "0") for at in range(first, last + 1)]
    return record(200, [*fields, *flags])


def eligible_header(phase: str = "4") -> str:
    text = f"0*MAO-004*H1234*20260301*{'Encounter Data Diagnosis Eligible for Risk Adjustment':<53}*{'':30}*PROD*{phase}*0*"
    return text.ljust(500)


def eligible(person: str, icn: str, kind: str, codes: str, *, day: str = "20250301", **given: str) -> str:
    """A detail record of the MAO-004: ``codes`` are words such as E1122+ (added) or E1122- (deleted)."""
    linked, allowed, reason = given.get("linked", ""), given.get("allowed", "A"), given.get("reason", "")
    front = (
        f"1*MAO-004*H1234*{person:<12}*{icn:<20}*{kind}*{linked:<20}*{' '}*20250401*{day}*{day}*P*{allowed or ' '}*"
        f"{reason or ' '}*0*"
    )
    words = codes.split()
    pairs = [f"{word[:-1]:<7}*{'A' if word[-1] == '+' else 'D'}*" for word in words]
    return (front + "".join(pairs) + f"{'':7}* *" * (38 - len(words))).ljust(500)


def eligible_trailer(records: int) -> str:
    return f"9*MAO-004*H1234*{records:018d}*".ljust(500)
