"""A browser and its system, from what it says of itself: a hint for a person, nothing more."""

_NAVIGATEURS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMES = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def name_navigateur(agent: str) -> str:
    """`Firefox sur Windows`, from a User-Agent header."""
    browser = next((nom for mark, nom in _NAVIGATEURS if mark in agent), "")
    system = next((nom for mark, nom in _SYSTEMES if mark in agent), "")
    if browser and system:
        return f"{browser} sur {system}"
    return browser or system or "Navigateur inconnu"
