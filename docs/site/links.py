"""Whether every link of a finished site leads somewhere, with no network."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """What a page can be linked to by, and what it links to or loads."""

    def __init__(self, file):
        super().__init__()
        self.anchors, self.links, self.loaded = {"", "top"}, set(), set()
        self.feed(file.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        link = found.get("href") or found.get("src")
        if not link or tag == "base":
            return
        self.links.add(link)
        if tag in ("img", "script", "iframe") or found.get("rel") in ("stylesheet", "preload"):
            self.loaded.add(link)


def broken_links(site):
    """List the links that lead nowhere, and what would be loaded from the network.

    Parameters
    ----------
    site : pathlib.Path
        Folder of HTML files.

    Returns
    -------
    list of str
        One line for each.
    """
    pages = {file.resolve(): _Page(file) for file in sorted(site.rglob("*.html"))}
    problems = []
    for file, page in pages.items():
        where = file.relative_to(site.resolve())
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loaded and parts.scheme != "data":
                    problems.append(f"{where}: loads {link}")
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                problems.append(f"{where}: no file {link}")
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                problems.append(f"{where}: no anchor {link}")
    return problems
