"""The library is divided into rooms, in an order, and none imports from a later one."""

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from configurations import PROJECT

LIBRARY = PROJECT / "src" / "descent"

#: From first to last. `__init__` has the version and the public names, as strings.
ROOMS = [
    "__init__",
    *("errors", "extras", "metrics", "files", "seal", "provenance", "process", "layer", "model"),
    *("data", "optimizers", "models", "experiment", "training", "records", "parity", "analysis"),
    *("counterparts", "landscapes", "reporting", "grading"),
    *("dependencies", "jobs", "terminal", "public", "drawing", "cli", "__main__"),
]


def module_name(file):
    parts = file.relative_to(LIBRARY).with_suffix("").parts
    return ".".join(parts)


def imports():
    """Map each module of the library to those that it imports, inside functions too."""
    modules = {module_name(file): file for file in LIBRARY.rglob("*.py")}
    found = {}
    for name, file in modules.items():
        wanted = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name}: a relative import"
                wanted |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
        wanted = {
            text.removeprefix("descent.") if text != "descent" else "__init__"
            for text in wanted
            if text.split(".")[0] == "descent"
        }
        found[name] = {text for text in wanted if text in modules and text != name}
    return found


def room(module):
    return module.split(".")[0]


def violations(imports):
    """List the imports that point to a later room, and the circles within rooms."""
    order = {name: place for place, name in enumerate(ROOMS)}
    found = [
        f"{module} imports {other}"
        for module, others in imports.items()
        for other in others
        if order[room(other)] > order[room(module)]
    ]
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found.append(f"a circle: {' -> '.join(error.args[1])}")
    return found


def test_every_module_is_in_a_room():
    assert {room(module) for module in imports()} == set(ROOMS)


def test_a_room_imports_only_rooms_before_it():
    assert violations(imports()) == []


@pytest.mark.parametrize(
    ("module", "other", "said"),
    [
        ("training.loop", "analysis.curves", "training.loop imports analysis.curves"),
        ("data.idx", "records", "data.idx imports records"),
        ("training.seeding", "training.loop", "a circle"),
        ("errors", "files", "a circle"),
    ],
)
def test_an_import_in_the_wrong_direction_or_a_circle_is_found(module, other, said):
    graph = imports()
    graph[module] = graph[module] | {other}
    assert any(said in violation for violation in violations(graph))


def test_light_modules_import_no_heavy_library():
    """The Snakefile imports them at every start, and on a cluster in every job."""
    heavy = {"torch", "pandas", "numpy", "matplotlib", "seaborn", "plotly", "scipy", "pyarrow"}
    light = ["experiment", "metrics", "errors", "extras", "files", "dependencies"]
    light += [
        "optimizers.spec",
        "optimizers.source",
        "optimizers.signatures",
        "optimizers.groups",
        "optimizers.schedules",
        "data.catalog",
        "data.idx",
        "data.own",
        "data.recognize",
    ]
    light += ["training.settings", "reporting.wording", "terminal", "landscapes.functions"]
    for file in LIBRARY.rglob("*.py"):
        name = module_name(file)
        if not any(name == prefix or name.startswith(f"{prefix}.") for prefix in light):
            continue
        for node in ast.parse(file.read_text()).body:  # imports inside functions are allowed
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            assert not heavy & {text.split(".")[0] for text in names}, name


def test_only_reporting_imports_what_draws():
    drawing = {"matplotlib", "plotly"}
    for file in LIBRARY.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        names = [
            alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
        ]
        names += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
        if drawing & {text.split(".")[0] for text in names}:
            assert room(module_name(file)) in ("reporting", "public", "drawing"), file


def test_every_room_says_what_lives_there():
    for folder in {file.parent for file in LIBRARY.glob("*/*.py")}:
        text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert "In: " in text and "Out: " in text, folder
