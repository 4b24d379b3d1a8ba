"""Where tests are: the unit tests mirror the library, module by module."""

from configurations import PROJECT

LIBRARY = PROJECT / "src" / "descent"
TESTS = PROJECT / "tests" / "unit"

#: Folders of modules that are alike, tested together.
FOLDERS = [
    "optimizers/adapters",
    "optimizers/forms",
    "optimizers/scratch",
    "parity/catalog",
    "models",
]

#: Modules without a test file of their own, and where they are tested.
TESTED_ELSEWHERE = {
    "errors": "test_public",
    "optimizers/form_names": "optimizers/test_forms_recognition",
    "optimizers/translation": "optimizers/test_forms",
    "optimizers/noise": "optimizers/test_packages",
    "training/module_trial": "training/test_modules",  # by what it says of modules
    "grading/network": "grading/test_proxy",  # what stands for a rule has networks
    "grading/gradescope": "grading/test_writing",  # what is written, for whom it may be
    "grading/worker": "grading/test_session",  # the two ends of a connection
    "optimizers/given": "test_cli",
    "reporting/check_page": "test_public",
    "parity/report": "parity/test_check",  # what a check prints
}

#: Test files that are for no single module.
OF_NO_MODULE = {
    "optimizers/forms_recognition",  # the folder optimizers/forms, in two files
    "parity/reviewed",  # what an outside reviewer found, whatever module it is about
    "parity/bad_input",  # what people get wrong, wherever it is noticed
    "parity/right_forms",  # benchmarks/right_forms.py
}


def modules():
    """Name the modules, and the folders that stand for their modules together."""
    files = [file for file in LIBRARY.rglob("*.py") if file.name != "__init__.py"]
    names = {str(file.relative_to(LIBRARY).with_suffix("")) for file in files}
    alike = {name for name in names if name.rpartition("/")[0] in FOLDERS}
    return names - alike | set(FOLDERS)


def subjects():
    """Name what each test file is for, by its own name and folder."""
    files = [file.relative_to(TESTS) for file in TESTS.rglob("test_*.py")]
    return {str(file.with_name(file.stem.removeprefix("test_"))) for file in files}


def test_every_test_file_is_for_a_module_or_a_folder_of_the_library():
    assert subjects() - modules() == OF_NO_MODULE


def test_every_module_has_its_test_file():
    assert sorted(modules() - subjects()) == sorted(TESTED_ELSEWHERE)
    assert all((TESTS / f"{file}.py").exists() for file in TESTED_ELSEWHERE.values())
