"""The grid of labeled images."""

import matplotlib.pyplot as plt

from descent.reporting.figures.style import HALF_PAGE, save, set_style


def examples(images, labels, files, *, rows=4, columns=8):
    """Show the first images of a data set in a grid, each below its label.

    Parameters
    ----------
    images : numpy.ndarray
        (images, height, width), gray levels on any scale.
    labels : list of str
    files : list of str
        Files to write; the suffix determines the format.
    rows, columns : int
        The size of the grid.
    """
    set_style()
    figure, axes = plt.subplots(
        rows, columns, figsize=(HALF_PAGE, 0.58 * HALF_PAGE), layout="constrained"
    )
    for cell in axes.flat:
        cell.set_axis_off()
    size = 8 if max(map(len, labels)) <= 3 else 5  # for names, such as Ankle boot
    for cell, image, label in zip(axes.flat, images, labels, strict=False):
        cell.imshow(image, cmap="gray")
        cell.set_title(label, pad=2, fontsize=size)
    save(figure, files)
