"""Patterns of coding, for research: what stands together, who codes how, in which mix, since when.

cx.patterns.association(claims)                # pairs of procedure and diagnosis beyond chance
cx.patterns.associated(claims, "83036")        # diagnoses behind a service, beside claims without it that are alike
cx.patterns.providers(claims, measure="denial") # providers against what their case mix lets expect
cx.patterns.mix(claims, by="payer")            # levels of visits, their shares and means
cx.patterns.drift(claims)                      # pairs that appear, vanish, rise or fall, and when
cx.patterns.network(claims)                    # procedures and diagnoses as the two sides of a graph
cx.patterns.comorbidity(claims, year=2025)     # Charlson's and Elixhauser's conditions and indexes of persons
cx.patterns.value(claims, by="rendering_npi")  # relative value units, dollars per unit, and how ill the persons are
"""

from cpticd.patterns import graph as graph
from cpticd.patterns.associated import associated
from cpticd.patterns.association import association
from cpticd.patterns.comorbidity import comorbidity, comorbidity_summary
from cpticd.patterns.definition import definition
from cpticd.patterns.drift import drift
from cpticd.patterns.mix import mix
from cpticd.patterns.network import network
from cpticd.patterns.providers import providers
from cpticd.patterns.value import value

__all__ = [
    "associated",
    "association",
    "comorbidity",
    "comorbidity_summary",
    "definition",
    "drift",
    "mix",
    "network",
    "providers",
    "value",
]


def __dir__() -> list[str]:
    return list(__all__)
