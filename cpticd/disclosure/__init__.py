"""Disclosure control: what may leave a session, as counts of at least 11 persons and without their names.

    release = cx.disclosure.Release(claims)
    release.add("payers", cx.denials.rates(claims, by="payer"))      # an analysis declares how its result may leave
    release.add("all", cx.denials.rates(claims))
    release.add("places", frame, by="place", numerators={"denied": ("denied_lines", "rate")})   # one of one's own
    release.add("taken back", table, by=("payer", "kind"), facts=cx.disclosure.with_persons(claims, silent))
    release.records("worklist", worklist)   # rows of claims: persons and claims under pseudonyms
    release["payers"]                  # cells of fewer than 11 persons are missing, in every measure
    release.marked("payers")           # the same to read: "suppressed" where a value is left out
    release.sentence("payers")         # what was suppressed, in words
    cx.disclosure.export(release, "payers.xlsx")

A cell of 1 to 10 persons is suppressed, then as many others as it takes that no small set of persons follows from
what is shown by adding and subtracting: within a table, against totals, across all tables of the release. Charts
and hover texts are drawn from the protected frames. One table alone: ``cx.disclosure.protect(frame, by=…,
persons=…)``. The policy is CMS's cell size suppression policy (no cell of 1 to 10, nor a percentage or total from
which one follows).

What compares a row with others (expected, excess, lift, odds ratios, chances) is a count too. A row and its comparison
tell of the lines alike that are not its own, stratum by stratum: where few of these sums are unknown, all are taken to
be told, and where anything small would follow from them and from what is shown, the comparison is left out, before any
count. What leaves is rounded: what is expected to whole lines, so that a line more or less of a count that is left out
changes nothing, chances to one digit, other comparisons to four, intervals to three, design effects to two; q-values,
shrunk rates and the order of rows are made of what is shown. A share of one person or provider, and what is learned
from few lines alike, does not leave.

What it does not cover: bounds (a suppressed cell is known to be 1 to 10), and releases made apart: the same claims a
month later, a part of them, another minimum. Each may be safe alone, and their difference not.
"""

from cpticd.disclosure.facts import with_persons
from cpticd.disclosure.files import export, protect
from cpticd.disclosure.pseudonyms import Pseudonyms
from cpticd.disclosure.release import SUPPRESSED, Release
from cpticd.disclosure.settings import MINIMUM, Settings, set_disclosure, settings, using
from cpticd.disclosure.sheets import escape

__all__ = [
    "MINIMUM",
    "SUPPRESSED",
    "Pseudonyms",
    "Release",
    "Settings",
    "escape",
    "export",
    "protect",
    "set_disclosure",
    "settings",
    "using",
    "with_persons",
]


def __dir__() -> list[str]:
    return list(__all__)
