"""Where tests are: the unit tests mirror the library, module by module."""

from configurations import PROJECT

LIBRARY = PROJECT / "src" / "descent"
TESTS = PROJECT / "tests" / "unit"

#: Modules without a test file of their own, and where they are tested.
TESTED_ELSEWHERE = {
    "__main__": "optimizers/test_scaffold",  # python -m descent
    "errors": "test_public",
    "parity/mutants": "parity/test_replay",  # parity calls each of them different
}


def modules():
    """Name the modules, and the folders that stand for their modules together."""
    files = [file for file in LIBRARY.rglob("*.py") if file.name != "__init__.py"]
    names = {str(file.relative_to(LIBRARY).with_suffix("")) for file in files}
    rules = {name for name in names if name.startswith("optimizers/scratch/")}
    return names - rules | {"optimizers/scratch"}


def subjects():
    """Name what each test file is for, by its own name and folder."""
    files = [file.relative_to(TESTS) for file in TESTS.rglob("test_*.py")]
    return {str(file.with_name(file.stem.removeprefix("test_"))) for file in files}


def test_every_test_file_is_for_a_module_or_a_folder_of_the_library():
    assert sorted(subjects() - modules()) == []


def test_every_module_has_its_test_file():
    assert sorted(modules() - subjects()) == sorted(TESTED_ELSEWHERE)
    assert all((TESTS / f"{file}.py").exists() for file in TESTED_ELSEWHERE.values())
