"""The grid of labelled images."""

import numpy as np

from descent.reporting.figures.examples import examples
from drawn import texts


def test_every_image_is_below_its_label_and_the_rest_of_the_grid_is_empty(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8))
    file = tmp_path / "figure.svg"
    examples(images, list("50419"), [str(file)], rows=2, columns=3)
    assert [text for text in texts(file) if text] == list("50419")
    assert file.read_text().count("<image ") == 5


def test_long_names_are_written_smaller(tmp_path):
    file = tmp_path / "figure.svg"
    for label, size in (("7", "8px"), ("Ankle boot", "5px")):
        examples(np.zeros((1, 8, 8)), [label], [str(file)], rows=1, columns=2)
        assert f"font: {size}" in file.read_text() or f"font-size: {size}" in file.read_text()
