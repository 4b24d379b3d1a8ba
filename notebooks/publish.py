"""Execute the solution of the lab, and make the exercise of it.

`make notebooks` writes both: `lab_solution.ipynb` with its outputs, and `lab.ipynb`, in which
`# your code` stands in the place of what is between `### BEGIN SOLUTION` and `### END SOLUTION`,
nbgrader's marks.
"""

import argparse
import copy
import re
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from descent.files import replacing

HERE = Path(__file__).parent
SOLUTION, EXERCISE = HERE / "lab_solution.ipynb", HERE / "lab.ipynb"

#: The real images, where they are beside the checkout; torchvision unpacks them.
MNIST = HERE.parents[1] / "shared" / "mnist"

_SOLUTION = re.compile(
    r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.DOTALL | re.MULTILINE
)


def execute(notebook, images=None):
    """Execute a notebook in an empty folder.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Gets the outputs.
    images : pathlib.Path, optional
        A folder with MNIST's four files.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises an exception.
    """
    with tempfile.TemporaryDirectory() as folder:
        if images:
            raw = Path(folder, "data", "MNIST", "raw")
            raw.mkdir(parents=True)
            for file in images.glob("*ubyte*"):
                shutil.copy(file, raw)
        NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=600,
            record_timing=False,
            resources={"metadata": {"path": folder}},
        ).execute()


def exercise(solution):
    """Return a solution without its solutions and outputs.

    Parameters
    ----------
    solution : nbformat.NotebookNode

    Returns
    -------
    nbformat.NotebookNode
    """
    made = copy.deepcopy(solution)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.source = _SOLUTION.sub(r"\1...  # your code", cell.source)
            cell.outputs, cell.execution_count = [], None
    return made


def main():
    """Execute the solution on MNIST, and write both notebooks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=MNIST, help="default: %(default)s")
    images = parser.parse_args().images
    solution = nbformat.read(SOLUTION, nbformat.NO_CONVERT)
    execute(solution, images if images.exists() else None)
    for notebook, file in ((solution, SOLUTION), (exercise(solution), EXERCISE)):
        with replacing(file) as part:
            nbformat.write(notebook, part)


if __name__ == "__main__":
    main()
