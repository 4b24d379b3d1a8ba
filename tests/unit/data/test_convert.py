"""Conversion through the command, compared with torchvision's reading of the same images."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from torchvision.datasets import MNIST, SVHN

from descent.cli import main
from descent.data.idx import RAW_FILES, raw_folder
from descent.data.prepare import prepare
from descent.data.prepared import load_prepared
from descent.data.readers import weigh
from descent.data.unpack import unpack
from forms_of_data import FORMS, IMAGES, LABELS, SPLITS, folders, idx, png, table, write_own


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "given").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "given"


def convert(capsys, *arguments):
    """Convert to the folder `out`, and return what the command says."""
    assert main(["convert", *map(str, arguments), "--out", "out"]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def refused(capsys, *arguments):
    assert main(["convert", *map(str, arguments), "--out", "out"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith("descent: ")
    return said


def prepared(here):
    """Take the files that were made as one's own, and prepare them."""
    targets = [raw_folder(here) / name for name in RAW_FILES]
    unpack([here.parent / "out" / name for name in RAW_FILES], targets)
    prepare(here, here / "prepared.safetensors")
    data = load_prepared(here / "prepared.safetensors")
    return {
        "train": (data.train_images, data.train_labels),
        "test": (data.test_images, data.test_labels),
    }


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_becomes_the_same_tensors_as_torchvision_reads(here, capsys, form):
    said = convert(capsys, *form(here))
    assert "out: 40 training and 12 test images of 6 x 6, 4 classes\n" in said
    assert "dataset: {name: idx, folder: out}" in said
    assert {file.name for file in (here.parent / "out").iterdir()} == set(RAW_FILES)
    assert not [file for file in here.parent.iterdir() if file.name.startswith(".")]
    tensors = prepared(here)
    for split in SPLITS:
        theirs = MNIST(here, train=split == "train")
        order = slice(None)
        if form is folders:  # by class
            order = np.argsort(LABELS[split], kind="stable")
        assert (theirs.data.numpy() == IMAGES[split][order]).all()
        assert (theirs.targets.numpy() == LABELS[split][order]).all()
        assert torch.equal(tensors[split][0], theirs.data.flatten(1))
        assert torch.equal(tensors[split][1], theirs.targets)


def test_svhns_colours_and_labels_are_torchvisions(here, capsys):
    colours = np.random.default_rng(5).integers(0, 256, (5, 4, 3, 30)).astype(np.uint8)
    labels = (np.arange(30) % 10 + 1).astype(np.uint8)
    for split in SPLITS:
        savemat(here / f"{split}_32x32.mat", {"X": colours, "y": labels[:, None]})
    said = convert(capsys, here)
    assert "label 10 is the digit 0" in said and "ITU-R 601" in said
    theirs = SVHN.__new__(SVHN)
    theirs.data, theirs.labels = np.transpose(colours, (3, 2, 0, 1)), labels % 10
    theirs.transform = theirs.target_transform = None
    images, answers = prepared(here)["train"]
    for number in range(30):
        picture, label = theirs[number]
        assert (np.asarray(picture.convert("L")).ravel() == images[number].numpy()).all()
        assert label == answers[number]


def test_colours_become_gray_as_in_pillow():
    colours = np.random.default_rng(1).integers(0, 256, (50, 50, 3)).astype(np.uint8)
    assert (weigh(colours) == np.asarray(Image.fromarray(colours).convert("L"))).all()


def test_what_is_left_out_or_changed_is_said(here, capsys):
    parts = {f"x_{split}": IMAGES[split] / 255 for split in SPLITS}
    parts |= {f"y_{split}": np.eye(4)[LABELS[split]] for split in SPLITS}
    np.savez(here / "a.npz", x_val=IMAGES["test"], y_val=LABELS["test"], **parts)
    said = convert(capsys, here / "a.npz")
    assert "12 validation images were left out" in said
    assert "multiplied by 255" in said and "one-hot" in said
    images, labels = prepared(here)["train"]
    assert (images.numpy().reshape(40, 6, 6) == IMAGES["train"]).all()
    assert (labels.numpy() == LABELS["train"]).all()


def test_test_images_are_named_or_taken_from_each_class(here, capsys):
    table("train").to_csv(here / "a.csv", index=False)
    table("test").to_csv(here / "b.csv", index=False)
    assert "a.csv: has no images for testing" in refused(capsys, here / "a.csv")
    assert "40 training and 12 test" in convert(capsys, here / "a.csv", "--test", here / "b.csv")
    (here.parent / "out").rename(here / "other")
    assert "32 training and 8 test" in convert(capsys, here / "a.csv", "--test-fraction", 0.2)
    _, labels = prepared(here)["test"]
    assert labels.bincount().tolist() == [2, 2, 2, 2]


def test_names_of_classes_are_numbered(here, capsys):
    for split in SPLITS:
        frame = table(split, label="class", first=False)
        frame["class"] = frame["class"].map(dict(enumerate("dbca")))
        frame.to_parquet(here / f"{split}.parquet")
    said = convert(capsys, here)
    assert "4 classes: 0 = a, 1 = b, 2 = c, 3 = d" in said
    assert prepared(here)["train"][1][:4].tolist() == [3, 1, 2, 0]


def test_a_folder_in_the_way_is_kept(here, capsys):
    (here.parent / "out").mkdir()
    (here.parent / "out" / "mine").touch()
    np.savez(here / "a.npz", x=IMAGES["train"], y=LABELS["train"])
    assert "out: is there already" in refused(capsys, here / "a.npz", "--test-fraction", 0.2)
    assert [file.name for file in (here.parent / "out").iterdir()] == ["mine"]


def test_what_fails_leaves_nothing(here, capsys):
    np.savez(here / "a.npz", x_train=IMAGES["train"], y_train=LABELS["train"][:-1])
    said = refused(capsys, here / "a.npz", "--test-fraction", 0.2)
    assert "a.npz: training: 40 images, but 39 labels" in said
    assert [entry.name for entry in here.parent.iterdir()] == ["given"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (dict(x=IMAGES["train"]), "has no labels"),
        (dict(x=IMAGES["train"] * 300.0, y=LABELS["train"]), "pixels from 0 to"),
        (dict(x=IMAGES["train"], y=LABELS["train"] - 1), "labels from -1 to 2"),
        (dict(x=IMAGES["train"], y=LABELS["train"] * 100), "labels from 0 to 300"),
        (dict(x=IMAGES["train"].reshape(40, 36)[:, :35], y=LABELS["train"]), "35 numbers"),
        (dict(x=IMAGES["train"], y=LABELS["train"] * 0), "all training images have the label 0"),
        (dict(x=IMAGES["train"], y=np.ones((40, 3))), "3 labels for each image"),
        (dict(x=IMAGES["train"].astype(object), y=LABELS["train"]), "allow_pickle"),
    ],
)
def test_arrays_that_are_no_data_set_are_refused_in_one_line(here, capsys, parts, said):
    np.savez(here / "a.npz", **parts)
    assert said in refused(capsys, here / "a.npz", "--test-fraction", 0.2)


def test_sizes_of_training_and_test_images_agree(here, capsys):
    np.savez(
        here / "a.npz",
        x_train=IMAGES["train"],
        y_train=LABELS["train"],
        x_test=IMAGES["test"][:, :5],
        y_test=LABELS["test"],
    )
    assert "differ in size, 6 x 6 and 5 x 6" in refused(capsys, here / "a.npz")


# Forms that people report elsewhere.


def test_folders_of_training_and_testing_with_what_systems_leave_in_them(here, capsys):
    folders(here, names=("training", "testing"))
    (here / "training" / ".ipynb_checkpoints").mkdir()
    (here / "training" / ".ipynb_checkpoints" / "00000-checkpoint.png").write_bytes(b"")
    (here / "__MACOSX").mkdir()
    for name in (".DS_Store", "0/Thumbs.db", "0/._00000.png"):
        (here / "training" / name).write_bytes(b"\0")
    assert "40 training and 12 test images of 6 x 6, 4 classes" in convert(capsys, here)


def test_one_damaged_image_is_named(here, capsys):
    folders(here)
    (here / "train" / "2" / "RGVtb2NyYXRpY2E.png").write_bytes(b"")
    said = refused(capsys, here)
    assert "train/2/RGVtb2NyYXRpY2E.png: no image, but empty; remove it" in said


def test_images_of_another_size_are_named(here, capsys):
    folders(here)
    (here / "train" / "2" / "x.png").write_bytes(png(np.zeros((6, 7), np.uint8)))
    assert "train/2/x.png: 6 x 7 pixels, but" in refused(capsys, here)


@pytest.mark.parametrize(
    ("mode", "said"), [("RGB", None), ("RGBA", None), ("P", None), ("1", None)]
)
def test_gray_pictures_in_other_modes_stay_what_they_are(here, capsys, mode, said):
    gray = np.where(IMAGES["train"] > 127, 255, 0).astype(np.uint8)
    for number, image in enumerate(gray):
        file = here / str(LABELS["train"][number]) / f"{number:05}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(png(image, mode))
    assert "note" not in convert(capsys, here, "--test-fraction", 0.1)
    images, _ = prepared(here)["train"]
    order = np.argsort(LABELS["train"], kind="stable")
    kept = np.array([n for n in order if n < 36])
    assert (images.numpy().reshape(-1, 6, 6) == gray[kept]).all()


def test_pictures_of_16_bits_are_scaled_and_transparent_ones_refused(here, capsys):
    for number, image in enumerate(IMAGES["train"]):
        file = here / str(LABELS["train"][number]) / f"{number:05}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(image.astype(np.uint16) * 257).save(file)
    assert "16-bit gray levels were divided by 256" in convert(capsys, here, "--test-fraction", 0.1)
    assert prepared(here)["train"][0][0].tolist() == IMAGES["train"][0].ravel().tolist()
    clear = np.zeros((6, 6, 4), np.uint8)
    (here.parent / "out").rename(here / ".other")
    (here / "2" / "x.png").write_bytes(png(clear))
    assert "2/x.png: has transparent pixels" in refused(capsys, here, "--test-fraction", 0.1)


def test_a_table_without_header_with_the_label_first_or_last(here, capsys):
    table("train", header=False).to_csv(here / "mnist_train.csv", index=False, header=False)
    table("test", header=False).to_csv(here / "mnist_test.csv", index=False, header=False)
    convert(capsys, here)
    assert (prepared(here)["train"][0].numpy() == IMAGES["train"].reshape(40, 36)).all()
    (here.parent / "out").rename(here / ".other")
    last = table("train", first=False)
    last["pixel0"] = 0
    last.to_csv(here / "optdigits.csv", index=False, header=False)
    only = [here / "optdigits.csv", "--test-fraction", 0.2]
    assert "have the label 0; is it the right column?" in refused(capsys, *only)
    convert(capsys, *only, "--label", -1)


def test_a_table_of_openml_with_text_in_its_last_column(here, capsys):
    frame = table("train", label="class", first=False).astype({"class": str})
    frame.to_csv(here / "mnist_784.csv", index=False, quoting=1)
    assert "4 classes\n" in convert(capsys, here / "mnist_784.csv", "--test-fraction", 0.2)


def test_a_table_with_an_index_with_semicolons_or_a_byte_order_mark(here, capsys):
    table("train").to_csv(here / "train.csv", sep=";", encoding="utf-8-sig")
    table("test").to_csv(here / "test.csv")
    convert(capsys, here)
    assert (prepared(here)["train"][0].numpy() == IMAGES["train"].reshape(40, 36)).all()


def test_a_table_without_labels_or_cut_off(here, capsys):
    table("train").to_csv(here / "train.csv", index=False)
    table("test").drop(columns="label").to_csv(here / "test.csv", index=False)
    assert "test.csv: which column has the labels?" in refused(capsys, here)
    text = (here / "train.csv").read_text()
    (here / "train.csv").write_text(text[:-20])
    said = refused(capsys, here / "train.csv", "--test-fraction", 0.2)
    assert "train.csv: row 39 is incomplete" in said


def test_the_file_of_mldata_has_one_image_in_each_column(here, capsys):
    savemat(
        here / "mnist-original.mat",
        {"data": IMAGES["train"].reshape(40, 36).T, "label": LABELS["train"][None].astype(float)},
    )
    convert(capsys, here / "mnist-original.mat", "--test-fraction", 0.1)
    images, labels = prepared(here)["train"]
    assert (images.numpy() == IMAGES["train"].reshape(40, 36)[:36]).all()
    assert (labels.numpy() == LABELS["train"][:36]).all()


def test_a_table_of_emnist_is_turned_upright(here, capsys):
    frame = table("train", header=False)
    frame.iloc[:, 1:] = IMAGES["train"].swapaxes(1, 2).reshape(40, 36)
    frame.to_csv(here / "emnist-digits-train.csv", index=False, header=False)
    convert(capsys, here / "emnist-digits-train.csv", "--test-fraction", 0.1)
    assert (prepared(here)["train"][0].numpy() == IMAGES["train"].reshape(40, 36)[:36]).all()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mnist.pkl.gz", b"\x1f\x8b\x08\0", "mnist.pkl.gz: cannot be converted; it is a gzip file"),
        ("training.pt", b"PK\x03\x04", "training.pt: cannot be converted; it is a zip archive"),
        ("A.pickle", b"\x80\x04\x95", "it is a pickle, which can run code when opened"),
        ("archive.zip", b"PK\x03\x04", "it is a zip archive; unpack it first"),
        ("mnist.npz", b"<html>404", "mnist.npz: cannot be read; it is a web page"),
        ("mnist.npz", b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        ("train.parquet", b"Entry not found", "it is text, which begins with 'Entry not found'"),
        ("a.mat", b"MATLAB 7.3 MAT-file" + bytes(200), "version 7.3, which is HDF5"),
        ("usps.h5", b"\x89HDF\r\n\x1a\n", "usps.h5: cannot be converted; it is an HDF5 file"),
        ("mnist.arff", b"@RELATION mnist", "it is text, which begins with '@RELATION mnist'"),
        ("train-images-idx3-ubyte", idx(IMAGES["train"]), "it is IDX images of type uint8"),
    ],
)
def test_other_files_are_called_what_they_are(here, capsys, name, content, said):
    (here / name).write_bytes(content)
    assert said in refused(capsys, here / name, "--test-fraction", 0.2)


def test_a_missing_file_and_an_empty_folder(here, capsys):
    assert "no such file or folder" in refused(capsys, here / "none.csv")
    assert "neither data files nor folders with images" in refused(capsys, here)
    write_own(here / "idx", RAW_FILES)
    assert "taken as they are: dataset: {name: idx, folder:" in refused(capsys, here / "idx")
    pd.DataFrame({"a": ["x"], "b": [1]}).to_csv(here / "a.csv", index=False)
    assert "a.csv: which column has the labels?" in refused(capsys, here)
