"""What policies, networks, practices and years are called on the page."""

from __future__ import annotations

from kmsim.posterior import point
from kmsim.report.style import plain_name

LABEL = "Illustrative model, not a forecast"
TITLE = "Taking “what works” to scale"
RANGES = f"Bands: 90% of runs. Chance only; {point()}."
TERMS = ("autumn", "spring", "summer")
_NETWORKS = {
    "nlc": "Networked Learning Communities",
    "ssat": "SSAT",
    "ssat_ratl": "SSAT: Raising Achievement, Transforming Learning",
    "pedagoo_teachmeet": "Pedagoo and TeachMeets",
    "cebe": "Coalition for Evidence-based Education",
    "tdt_network": "Teacher Development Trust network",
    "eef_guidance": "EEF guidance reports",
    "eef_campaign_advocates": "EEF campaign advocates",
    "ebor_rd_rise": "Research leads (RISE)",
    "headteachers_roundtable": "Headteachers' Roundtable",
    "nhs_arc": "NHS applied research collaborations",
    "curee": "CUREE",
    "federation_school_fe": "Federations of schools",
    "mat": "Multi-academy trust",
    "tsa": "Teaching school alliance",
    "eaz": "Education Action Zones",
    "npq_provider": "NPQ provider",
    "national_strategies": "National Strategies",
    "london_challenge": "London Challenge",
    "london_leadership_strategy": "London Leadership Strategy",
    "future_leaders": "Future Leaders",
    "excellence_in_cities": "Excellence in Cities",
}


def network_name(key: str) -> str:
    """A named network as readers know it.

    >>> network_name("maths_hub"), network_name("nlc")
    ('Maths hub', 'Networked Learning Communities')
    """
    return _NETWORKS.get(key, plain_name(key))


def term(frame: int) -> str:
    """The term that a frame of the map shows the end of; three to a year, 0 being the start.

    >>> term(0), term(4)
    ('Start', 'Year 2, autumn')
    """
    return "Start" if frame == 0 else f"Year {(frame - 1) // 3 + 1}, {TERMS[(frame - 1) % 3]}"
