"""Where a name in a file is defined is found without importing anything."""

import ast
from pathlib import Path

import pytest

from descent.errors import SignatureError
from descent.optimizers.source import ancestry, explain_missing, find

BASE = "def base(w, g, s, *, lr): pass\n"
FORMS = {
    "the last of two": f"def rule(w): pass\nx = 1\n{BASE.replace('base', 'rule')}",
    "in a block": f"if True:\n    try:\n        {BASE.replace('base', 'rule')}    finally: pass\n",
    "without the package": f"try:\n    import no\nexcept ImportError:\n    {BASE}rule = base",
    "another name": f"{BASE}rule = base",
    "annotated": f"{BASE}rule: object = base",
    "partial": f"from functools import partial\n{BASE}rule = partial(base)",
    "functools.partial": f"import functools\n{BASE}rule = functools.partial(base, lr=1)",
    "imported": "from beside import base as rule",
    "attribute": "import beside as b\nrule = b.base",
    "of a package": "from folder import inside\nrule = inside.base",
    "through a package": "from folder import rule",
    "through a relative import": "from folder.inside import rule",
}


@pytest.fixture
def found(write):
    """Write a file, with others beside it, and return what `rule` stands for."""

    def found(source):
        write(BASE, "beside.py")
        write("from beside import base as rule", "folder/__init__.py")
        write(f"from . import rule\n{BASE}", "folder/inside.py")
        return find(Path(write(source)), "rule")

    return found


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS)
def test_a_definition_is_found_however_the_name_is_bound(found, source):
    assert [argument.arg for argument in found(source).node.args.kwonlyargs] == ["lr"]


def test_of_a_partial_what_it_gives_is_known(found):
    source = f"from functools import partial\n{BASE}half = partial(base, lr=1)\n"
    given = found(f"{source}rule = partial(half, lr=2, k=3)").given
    assert {name: ast.unparse(value) for name, value in given.items()} == {"lr": "2", "k": "3"}


@pytest.mark.parametrize(
    "source",
    [
        "rule = make(0.9)",
        "rule = 3",
        "rule = partial(base, **options)",
        "from elsewhere import rule",
        "from beside import nothing as rule",
        "from beside import *",
        "rule, other = pair",
        "if x:\n    def rule(w, g, s, *, a): pass\nelse:\n    def rule(w, g, s, *, b): pass",
        "rule = rule",
        "rule = other\nother = rule",
    ],
)
def test_what_only_running_can_tell_is_unknown(found, source):
    assert found(source).node is None


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from torch.optim import SGD as Base\nclass rule(Base): pass", "rule SGD Optimizer"),
        pytest.param(
            "import torch.optim as o\nclass rule(o.AdamW): pass", "rule AdamW Adam Optimizer",
            marks=pytest.mark.new_torch,  # AdamW was not always an Adam
        ),
        ("from torch import optim\nclass rule(optim.Optimizer): pass", "rule Optimizer"),
        ("class A: pass\nimport torch\nclass rule(A, torch.optim.SGD): pass",
         "rule A SGD Optimizer"),
        ("from torch.optim import SGD as rule\nclass rule(rule): pass", "rule unknown"),
        ("class rule(object): pass", "rule unknown"),
    ],
)  # fmt: skip
def test_the_bases_of_a_class_are_found(found, source, names):
    classes = [each.node.name if each.node else "unknown" for each in ancestry(found(source))]
    assert classes == names.split()


def test_a_file_is_read_anew(found):
    assert [found(f"def rule({name}): pass").node.args.args[0].arg for name in "ab"] == ["a", "b"]


RULE = "def rule(w, g, s): pass\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import torch\ndef make():\n    def rule(): pass\n",
         "line 3: rule is defined inside make; move it to the top level of the file"),
        ("class A:\n    if True:\n        def rule(self): pass\n",
         "line 3: rule is defined inside A; move it"),
        (f"if __name__ == '__main__':\n    {RULE}", 'inside if __name__ == "__main__"; '),
        (BASE, "my_rules.py has no function or class rule, only base"),
        (f"{BASE}def rul(): pass\n", "class rule, only base, rul; did you mean rul?"),
        ("", "my_rules.py has no function or class rule"),
    ],
)  # fmt: skip
def test_a_missing_name_is_explained(write, source, said):
    file = Path(write(source))
    assert find(file, "rule") is None and said in explain_missing(file, "rule")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (f"{RULE}def x(:\n".encode(), "a.py, line 2: syntax error (invalid syntax)"),
        (f"print 'hello'\n{RULE}".encode(), "a.py, line 1: syntax error (Missing parentheses"),
        (b"\x89PNG\x00rule", "a.py: cannot be read as Python in UTF-8"),
        (RULE.encode("utf-16"), "a.py: cannot be read as Python in UTF-8"),
        (b"# -*- coding: nonsense -*-\n", "(unknown encoding: nonsense)"),
        (None, "a.py: cannot be read as Python in UTF-8 ("),
    ],
)
def test_a_file_that_is_no_python_is_named(tmp_path, source, said):
    file = tmp_path / "a.py"
    if source is not None:
        file.write_bytes(source)
    with pytest.raises(SignatureError) as error:
        find(file, "rule")
    [line] = str(error.value).splitlines()
    assert said in line


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbf" + RULE.replace("\n", "\r\n").encode(),
        "# -*- coding: latin-1 -*-\n# caf\xe9\n".encode("latin-1") + RULE.encode(),
    ],
)
def test_a_file_may_have_any_coding_that_it_declares(tmp_path, source):
    file = tmp_path / "a.py"
    file.write_bytes(source)
    assert find(file, "rule").node.name == "rule"
