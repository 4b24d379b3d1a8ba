"""How benchmarks write their results."""

import json
from pathlib import Path

from descent.files import replacing


def publish(name, result, page):
    """Write `<name>.json` and `<name>.md` to this folder, and print the page.

    Parameters
    ----------
    name : str
    result : dict
        Must be JSON-serializable.
    page : str
        Markdown.
    """
    for suffix, text in (("json", json.dumps(result, indent=1) + "\n"), ("md", page)):
        with replacing(Path(__file__).parent / f"{name}.{suffix}") as part:
            part.write_text(text)
    print(page)
