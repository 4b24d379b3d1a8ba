"""Where the documentation is, for pages that may be read far from a checkout."""

#: Written by `make address`.
_ADDRESS = "https://example.org/OWNER/descent-lab"

_PLACEHOLDER = "//example.org/"


def page(file):
    """Return the address of a file in `docs/`, or None as long as the project has no address.

    Parameters
    ----------
    file : str
        Such as `statistics.md` or `glossary.md#margin`.
    """
    return None if _PLACEHOLDER in _ADDRESS else f"{_ADDRESS}/blob/main/docs/{file}"
