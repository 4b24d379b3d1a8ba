"""What only an extra of the package installs, and what is said where it is missing."""

import contextlib

from descent.errors import MissingExtraError

#: What each extra brings, by the names under which the library imports it.
EXTRAS = {
    "jax": {"jax", "optax"},
    "keras": {"keras"},
    "workflow": {
        *("PIL", "jsonschema", "plotly", "pooch", "pyarrow", "requests", "rich", "safetensors"),
        *("scipy", "sklearn", "statsmodels", "torchvision"),
    },
}


@contextlib.contextmanager
def naming_extras():
    """Name the extra to install where one of its packages cannot be imported.

    Raises
    ------
    MissingExtraError
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        for extra, packages in EXTRAS.items():
            if package in packages:
                raise MissingExtraError(
                    f'{package} is not installed; run: pip install "descent-lab[{extra}]"'
                ) from None
        raise
