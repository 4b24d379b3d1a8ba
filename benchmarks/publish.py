"""How benchmarks write their results."""

import json
from pathlib import Path

from descent.files import replacing


def publish(name, result, page, folder=Path(__file__).parent):
    """Write `<name>.json` and `<name>.md` to a folder, by default this one, and print the page.

    Parameters
    ----------
    name : str
    result : dict
        Must be JSON-serializable.
    page : str
        Markdown.
    folder : path
    """
    for suffix, text in (("json", json.dumps(result, indent=1) + "\n"), ("md", page)):
        with replacing(Path(folder) / f"{name}.{suffix}") as part:
            part.write_text(text)
    print(page)
