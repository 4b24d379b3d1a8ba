"""The configuration of Sphinx; see build.py."""

from pygments.lexers.special import TextLexer

import descent

project = "Descent Lab"
version = release = descent.__version__
copyright = "the authors of Descent Lab"

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
]
nitpicky = True
default_role = "code"  # of docstrings

# Markdown as GitHub reads it, and the anchors that GitHub gives to headings.
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 6
nb_execution_mode = "off"

numpydoc_show_class_members = False
autodoc_typehints = "none"

# Only what is typed is copied: no prompt, no output.
copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = ", ".join(
    f"div.highlight-{kind} pre" for kind in ("sh", "python", "ipython3", "yaml", "default")
)

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False


def setup(app):
    """Show a language that Pygments does not know as it is."""
    app.add_lexer("csv", TextLexer)
