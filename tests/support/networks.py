"""Small networks on generated data, for tests of training and parity."""

import math
from dataclasses import fields, replace

import torch

from descent.data.prepared import PreparedData
from descent.training.loop import train
from descent.training.settings import TrainingSettings

SGD = {"optimizer": "scratch.sgd", "lr": 0.1}
MOMENTUM = {"optimizer": "scratch.sgd_momentum", "lr": 0.05, "momentum": 0.9}
TORCH = {"optimizer": "torch.optim.SGD", "lr": 0.05, "momentum": 0.9}


def make_data(n_train=300, n_pixels=64, n_classes=4):
    random = torch.Generator().manual_seed(3)
    prototypes = torch.randn(n_classes, n_pixels, generator=random)

    def split(n):
        labels = torch.randint(0, n_classes, (n,), generator=random)
        images = prototypes[labels] + torch.randn(n, n_pixels, generator=random)
        return (40 * images + 128).clamp(0, 255).to(torch.uint8), labels

    side = math.isqrt(n_pixels)
    shape = (1, side, side) if side**2 == n_pixels else (1, 1, n_pixels)
    return PreparedData(*split(n_train), *split(60), (0.5, 0.157), n_classes, shape)


TRAINING = TrainingSettings(
    root_seed=0, seeding="independent", hidden=[20, 20], batch_size=32, threads=1
)


def run(data, settings, seeds, *, variant="v", epochs=2, evaluation_batch_size=25, **changes):
    """Train small networks; `changes` are training settings or checkpoint arguments of `train`."""
    names = {field.name for field in fields(TrainingSettings)}
    training = {key: changes.pop(key) for key in names & changes.keys()}
    return train(
        data,
        variant,
        settings,
        seeds,
        training=replace(TRAINING, **training),
        epochs=epochs,
        evaluation_batch_size=evaluation_batch_size,
        **changes,
    )


def repeat(data, seed, configuration):
    """Retrain one seed from the configuration in its run's metadata."""
    names = {field.name for field in fields(TrainingSettings)}
    shared = {key: value for key, value in configuration.items() if key in names}
    own = {key: value for key, value in configuration.items() if key not in names}
    return train(data, seeds=[seed], training=TrainingSettings(**shared), **own)


def bits(run):
    """Everything in a run that does not depend on the clock."""
    return [
        run.seed,
        run.status(),
        {column: values.tobytes() for column, values in run.iterations.items()},
        run.test_loss,
        run.test_accuracy,
        {name: tensor.numpy().tobytes() for name, tensor in run.parameters.items()},
    ]
