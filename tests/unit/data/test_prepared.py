"""Prepared tensors: validation images are held out of the training images."""

import pytest
import torch

from descent.data.idx import raw_folder
from descent.data.prepare import prepare
from descent.data.prepared import hold_out, load_prepared, normalize
from descent.errors import DataError
from networks import make_data
from pretended import DEVICE, pretending
from tiny import N_TRAIN, write_tiny_idx


@pytest.fixture
def folder(tmp_path):
    write_tiny_idx(raw_folder(tmp_path))
    return tmp_path


def test_held_out_images_are_a_part_of_the_training_images(folder):
    prepare(folder, folder / "prepared.safetensors")
    data = load_prepared(folder / "prepared.safetensors")
    assert hold_out(data, 0, None) is data
    held = hold_out(data, 0.2, torch.Generator().manual_seed(1))
    again = hold_out(data, 0.2, torch.Generator().manual_seed(1))
    other = hold_out(data, 0.2, torch.Generator().manual_seed(2))
    assert len(held.validation_images) == 60 and len(held.train_images) == N_TRAIN - 60
    assert torch.equal(held.validation_images, again.validation_images)
    assert not torch.equal(held.validation_images, other.validation_images)
    assert held.test_images is data.test_images
    rows = [
        torch.cat([images.long(), labels[:, None]], dim=1)
        for images, labels in (
            (held.train_images, held.train_labels),
            (held.validation_images, held.validation_labels),
            (data.train_images, data.train_labels),
        )
    ]
    both = torch.cat(rows[:2])
    assert sorted(both.tolist()) == sorted(rows[2].tolist())
    kept = {tuple(row) for row in rows[0].tolist()}
    assert [row for row in rows[2].tolist() if tuple(row) in kept] == rows[0].tolist()


@pytest.mark.parametrize("fraction", [0.001, 0.999])
def test_no_part_may_be_empty(folder, fraction):
    prepare(folder, folder / "prepared.safetensors")
    data = load_prepared(folder / "prepared.safetensors")
    with pytest.raises(DataError, match=f"validation_fraction: {fraction} of 300 training images"):
        hold_out(data, fraction, torch.Generator())


def test_data_move_to_a_device_and_are_not_copied_where_they_are_there():
    data = make_data()
    assert all(getattr(data.to("cpu"), name) is value for name, value in vars(data).items())
    with pretending():
        away = hold_out(data, 0.2, torch.Generator()).to(DEVICE)
        tensors = [of for of in vars(away).values() if isinstance(of, torch.Tensor)]
        assert len(tensors) == 6 and {tensor.device for tensor in tensors} == {DEVICE}
        assert away.train_images.dtype == torch.uint8
        pixels = normalize(away.test_images, away.normalization)
        assert torch.equal(pixels.cpu(), normalize(data.test_images, data.normalization))
