"""Contracts: services that are paid for by the month or within another service, and of which nothing is paid."""

from __future__ import annotations

import numpy as np

from cpticd.simulation.adjudication import Decisions
from cpticd.simulation.behaviour import Reasons
from cpticd.simulation.book import Book
from cpticd.simulation.insurers import packages
from cpticd.simulation.vectors import Bools
from cpticd.simulation.world import World

#: The plan that pays its doctors' offices by the month, and for which share of the visits.
BY_THE_MONTH, OF_VISITS = "Cedar Advantage", 0.3
#: Families of services that are packaged into a hospital's outpatient service, and how often they are.
SMALL, OF_SMALL = ("lab", "injection"), 0.3
CAPITATED, BUNDLED = ("24", ""), ("97", "M15")


def agree(world: World, book: Book, first: Decisions, reasons: Reasons) -> Decisions:
    """First decisions, those of lines under a contract with its reason; changes them."""
    draws, lines, claims = world.draws, book.lines, book.claims
    visit = book.professional & world.catalogue.in_family(lines.procedure, "em")
    visit &= book.payer == world.catalogue.payers.index(BY_THE_MONTH)
    visit &= claims.place[lines.claim] == world.catalogue.places.index("11")
    small = packages(book) & world.catalogue.in_family(lines.procedure, *SMALL)
    for name, which, share, reason in (
        ("capitated", visit, OF_VISITS, CAPITATED),
        ("packaged", small, OF_SMALL, BUNDLED),
    ):
        mine = which & ~first.denied & (draws(name, lines.size) < share)
        first.denied[mine], first.reason[mine], first.part[mine] = True, reasons.index(*reason), 0
    return first


def exempt(book: Book, first: Decisions, reasons: Reasons) -> Bools:
    """Lines of which nothing is paid although they are not denied: capitated (CARC 24) or packaged (97).

    Medicare itself has no capitation: its CARC 24 says that the person is in a plan, which is a denial.
    """
    carc = np.array(reasons.carc)[first.reason]
    medicare = (book.catalogue.payer_kinds == "ffs")[book.payer]
    capitated = (carc == CAPITATED[0]) & ~medicare
    packaged = (carc == BUNDLED[0]) & packages(book)
    return first.denied & (capitated | packaged)
