"""The words of Get Information About Schools, 2017 to 2026: what each group, type, status and phase means for the model.

Words are compared as `key` makes them: case, spaces, hyphens and punctuation make no difference.

Example
-------
>>> STATUSES[key("Open but proposed to close")]
'open'
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad"))


def clean(cell: str) -> str:
    """A cell without invisible characters, every kind of space one plain space, none at its ends.

    >>> clean("\\ufeff King\\u00a0 Edward VI ")
    'King Edward VI'
    """
    return " ".join(cell.translate(INVISIBLE).split())


def key(word: str) -> str:
    """A word as words are compared: its letters and digits, in lower case. "&" is "and", "LA" is "local authority".

    >>> key("LA maintained-schools") == key("Local Authority Maintained Schools")
    True
    """
    text = unicodedata.normalize("NFKC", clean(word)).casefold().replace("&", " and ")
    words = "".join(letter if letter.isalnum() else " " for letter in text.replace("'", "").replace("’", "")).split()
    return "".join("localauthority" if word == "la" else word for word in words)


def _keyed(meanings: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {key(word): meaning for meaning, words in meanings.items() for word in words}


STATUSES = _keyed(
    {
        "open": ("Open", "Open, but proposed to close", "Open, proposed to close"),
        "closed": ("Closed", "Close", "Proposed to close and closed"),
        "proposed to open": ("Proposed to open", "Pending approval", "Proposed"),
        "never opened": ("Rejected", "Rejected opening", "Created in error", "Quarantine"),
        "de-registered": ("De-registered", "De-registered as EY Setting"),
    }
)
STATE, OUTSIDE = "state-funded", "outside England"
GROUPS = _keyed(
    {
        STATE: (
            "Local authority maintained schools",
            "LA maintained school",
            "Maintained schools",
            "Academies",
            "Academy",
            "Free Schools",
            "Free School",
            "Special schools",
            "Special school",
            "Non-maintained special schools",
            "City technology colleges",
            "Pupil referral units",
        ),
        "independent": ("Independent schools", "Independent school", "Independent special schools"),
        "college": ("Colleges", "College", "Sixth form colleges", "Further education"),
        "university": ("Universities", "University", "Universities and higher education", "Higher education"),
        "online provider": ("Online provider", "Online providers"),
        "children's centre": ("Children's Centres", "Children's Centre"),
        "other type": ("Other types", "Other type", "Secure units", "Miscellaneous"),
        OUTSIDE: (
            "Welsh schools",
            "Welsh school",
            "Welsh establishment",
            "British schools overseas",
            "Offshore schools",
            "Service children's education",
        ),
    }
)
MAINSTREAM, UPPER, SPECIAL, PRU, NURSERY = "mainstream", "secondary", "special", "pru", "nursery"
_STATE_TYPES = {
    MAINSTREAM: (
        "Community school",
        "Foundation school",
        "Voluntary aided school",
        "Voluntary controlled school",
        "Academy converter",
        "Academy converters",
        "Academy sponsor led",
        "Academies",
        "Free schools",
        "Free school",
    ),
    UPPER: (
        "City technology college",
        "Academy 16-19 converter",
        "Academy 16 to 19 converter",
        "Academy 16-19 sponsor led",
        "Academy 16 to 19 sponsor led",
        "Academy secure 16 to 19",
        "Free schools 16 to 19",
        "Free schools 16-19",
        "Studio schools",
        "Studio school",
        "University technical college",
        "University technical colleges",
    ),
    SPECIAL: (
        "Community special school",
        "Foundation special school",
        "Non-maintained special school",
        "Academy special converter",
        "Academy special sponsor led",
        "Free schools special",
        "Free schools - special",
        "Special free school",
        "Community hospital school",
        "Foundation hospital school",
    ),
    PRU: (
        "Pupil referral unit",
        "Academy alternative provision converter",
        "Academy alternative provision sponsor led",
        "Free schools alternative provision",
        "Free schools - alternative provision",
    ),
    NURSERY: ("Local authority nursery school", "LA nursery school"),
}
TYPES = _keyed(_STATE_TYPES)  # those that are state-funded, and what sort of school each is
OTHER_TYPES = _keyed(
    {
        "independent": (
            "Other independent school",
            "Other independent special school",
            "Independent school",
            "Independent special school",
            "Independent school approved for SEN pupils",
        ),
        "college": (
            "Further education",
            "Sixth form centres",
            "Sixth form college",
            "Special post 16 institution",
            "Special college",
        ),
        "university": ("Higher education institutions", "Higher education institution"),
        "online provider": ("Online provider",),
        "children's centre": ("Children's centre", "Children's centre linked site"),
        "other type": (
            "Secure units",
            "Miscellaneous",
            "Institution funded by other government department",
            "EY setting",
            "Playing for success centres",
            "Legacy types",
        ),
        OUTSIDE: (
            "Welsh establishment",
            "British schools overseas",
            "Offshore schools",
            "Service children's education",
            "Overseas schools",
        ),
    }
)
PHASES_GIVEN = _keyed(
    {
        "nursery": ("Nursery",),
        "primary": ("Primary", "Middle deemed primary"),
        "secondary": ("Secondary", "Middle deemed secondary", "All-through", "16 plus", "16+"),
        "": ("Not applicable", "N/A", ""),
    }
)
TRUST_FLAGS = _keyed(
    {
        "multi": ("Supported by a multi-academy trust", "Multi-academy trust"),
        "": (
            "Supported by a single-academy trust",
            "Supported by a trust",
            "Supported by an umbrella trust",
            "Supported by a secure single-academy trust",
            "Not supported by a trust",
            "Not applicable",
            "None",
            "",
        ),
    }
)
NO_NAME = {
    key(word)
    for word in (
        "",
        "Not applicable",
        "N/A",
        "None",
        "Not supported by a trust",
        "Not under a federation",
        "Does not apply",
        "Not recorded",
        "Unknown",
    )
}
SUPPRESSED = frozenset("z c x * - .. <5 supp ne np new lowcov na n/a null none".split()) | {"", "not applicable"}
CITY_COLLEGE = key("City technology college")  # of the group "Independent schools", and paid for by the state
_LA_OUTSIDE = {
    key(name)
    for name in (
        # Wales
        *("Blaenau Gwent", "Bridgend", "Caerphilly", "Cardiff", "Carmarthenshire", "Ceredigion", "Conwy"),
        *("Denbighshire", "Flintshire", "Gwynedd", "Isle of Anglesey", "Anglesey", "Merthyr Tydfil", "Monmouthshire"),
        *("Neath Port Talbot", "Newport", "Pembrokeshire", "Powys", "Rhondda Cynon Taf", "Rhondda, Cynon, Taff"),
        *("Swansea", "Torfaen", "Vale of Glamorgan", "The Vale of Glamorgan", "Wrexham"),
        # islands and overseas
        *("Jersey", "Guernsey", "Alderney", "Sark", "Isle of Man", "Channel Islands", "Gibraltar", "Does not apply"),
    )
}
_REGIONS_OUTSIDE = {
    key(name) for name in ("Wales (pseudo)", "Wales", "Scotland", "Northern Ireland", "Channel Islands")
}
_ESTABLISHMENTS = ("offshoreestablishments", "overseasestablishments")  # "Jersey Offshore Establishments" and others


def outside_england(la: str, region: str, code: str) -> bool:
    """Whether an authority (its name, region and DfE code, each perhaps empty) is not in England: Wales, islands, overseas.

    >>> outside_england("Cardiff", "Wales (pseudo)", "681"), outside_england("Camden", "London", "202")
    (True, False)
    """
    number = int(code) if code.isascii() and code.isdigit() and len(code) <= 3 else -1
    return (
        key(la) in _LA_OUTSIDE
        or key(la).endswith(_ESTABLISHMENTS)
        or key(region) in _REGIONS_OUTSIDE
        or 660 <= number <= 681
        or 700 <= number <= 710
        or number == 0
    )


def funded_by(kind: str, group: str) -> str | None:
    """What a type and a group of establishment say: STATE, or what sort else; "" if both are empty, None if neither is known.

    A type decides before a group: "Other independent special school" is independent in whatever group it stands.

    >>> funded_by("Community school", "LA maintained schools"), funded_by("Other independent school", "")
    ('state-funded', 'independent')
    """
    of_type = STATE if key(kind) in TYPES else OTHER_TYPES.get(key(kind))
    of_group = GROUPS.get(key(group))
    if of_type not in (None, STATE) or key(kind) == CITY_COLLEGE:
        return of_type
    if of_group is not None:
        return of_group
    if of_type is not None:
        return of_type
    return None if key(kind) or key(group) else ""


def phase_of(kind: str, group: str, phase: str) -> str | None:
    """The model's phase of a school: by its type where that is special, a PRU or a nursery, else by its phase.

    "" if a mainstream school has no phase; None for a word that is no phase.

    >>> phase_of("Community school", "", "All through"), phase_of("Academy special converter", "", "Not applicable")
    ('secondary', 'special')
    """
    sort = TYPES.get(key(kind))
    both = key(f"{kind} {group}")
    if sort == PRU or "pupilreferral" in both or "alternativeprovision" in both:
        return PRU
    if sort == SPECIAL or "special" in both:
        return SPECIAL
    given = PHASES_GIVEN.get(key(phase))
    return sort if given == "" and sort in (NURSERY, UPPER) else given


def trust_of(name: str, flag: str) -> tuple[str, bool]:
    """The name of the multi-academy trust that a school is in ("" if none), and whether the flag's words are known.

    Where there is no flag, any trust counts. Several are joined by "~", in the flag and in the names.

    >>> trust_of("Ark", "Supported by a multi-academy trust"), trust_of("Ark", "Supported by a single-academy trust")
    (('Ark', True), ('', True))
    >>> trust_of("One~Two", "Supported by an umbrella trust~Supported by a multi-academy trust")
    ('Two', True)
    """
    if not key(flag):
        return ("" if key(name) in NO_NAME else name), True
    flags = [TRUST_FLAGS.get(key(part)) for part in flag.split("~")]
    names = [clean(part) for part in name.split("~")]
    if "multi" not in flags:
        return "", None not in flags
    own = names[flags.index("multi")] if len(names) == len(flags) else name
    return ("" if key(own) in NO_NAME else own), None not in flags
