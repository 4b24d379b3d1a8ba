"""Checks of accessibility by axe-core, of which a package brings the file."""

from importlib.util import find_spec
from pathlib import Path

# the package's own interface needs another browser driver, hence only its file
_FILE = Path(find_spec("axe_playwright_python").origin).with_name("axe.min.js")
_RUN = """
const done = arguments[arguments.length - 1];
axe.run({resultTypes: ["violations"]}).then(found => done(found.violations.map(
  ({id, impact, nodes}) => ({id, impact, where: nodes.map(node => node.html.slice(0, 200))}))));
"""


def findings(chromium):
    """List what axe-core finds on the open page, unfolded, that is serious or critical."""
    chromium.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    chromium.execute_script(_FILE.read_text(encoding="utf-8"))
    found = chromium.execute_async_script(_RUN)
    return [each for each in found if each["impact"] in ("serious", "critical")]
