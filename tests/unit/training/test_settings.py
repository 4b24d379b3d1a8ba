"""The settings of training, and which of them are parameters of a job."""

import pytest

from configurations import configure
from descent.training.settings import TrainingSettings
from networks import SGD, make_data, run

DEFAULT = {"root_seed": 0, "seeding": "independent", "hidden": [100, 100], "batch_size": 128}


def test_the_settings_of_a_configuration():
    config = configure(training={"threads": 2, "batch_size": 32}, seeding="paired", root_seed=7)
    settings = TrainingSettings.from_config(config)
    assert (settings.root_seed, settings.seeding, settings.hidden) == (7, "paired", [100, 100])
    assert (settings.batch_size, settings.threads, settings.validation_fraction) == (32, 2, 0)


@pytest.mark.parametrize("held_out", [0, 0.1, 0.25, 0.333])
@pytest.mark.parametrize("n_images", [96, 97, 300])
def test_iterations_are_counted_as_they_are_trained(n_images, held_out):
    data = make_data(n_train=n_images)
    [result] = run(data, SGD, [0], epochs=1, validation_fraction=held_out)
    settings = TrainingSettings(**DEFAULT | {"batch_size": 32, "validation_fraction": held_out})
    assert settings.iterations_per_epoch(n_images) == result.iterations_per_epoch
    assert result.n_iterations == result.iterations_per_epoch


def test_what_has_its_default_is_no_parameter_of_a_job():
    """A setting that a later version adds must not retrain what was trained before."""
    assert TrainingSettings.from_config(configure()).given() == DEFAULT
    more = {"threads": 2, "validation_fraction": 0.1, "device": "auto"}
    changed = configure(training=more)
    assert TrainingSettings.from_config(changed).given() == DEFAULT | more
    assert TrainingSettings(**DEFAULT | more).given() == DEFAULT | more
