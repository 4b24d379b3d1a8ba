"""The settings of training, and which of them are parameters of a job."""

from configurations import configure
from descent.training.settings import TrainingSettings

DEFAULT = {"root_seed": 0, "seeding": "independent", "hidden": [100, 100], "batch_size": 128}


def test_the_settings_of_a_configuration():
    config = configure(training={"threads": 2, "batch_size": 32}, seeding="paired", root_seed=7)
    settings = TrainingSettings.from_config(config)
    assert (settings.root_seed, settings.seeding, settings.hidden) == (7, "paired", [100, 100])
    assert (settings.batch_size, settings.threads, settings.validation_fraction) == (32, 2, 0)


def test_what_has_its_default_is_no_parameter_of_a_job():
    """A setting that a later version adds must not retrain what was trained before."""
    assert TrainingSettings.from_config(configure()).given() == DEFAULT
    more = {"threads": 2, "validation_fraction": 0.1, "device": "auto"}
    changed = configure(training=more)
    assert TrainingSettings.from_config(changed).given() == DEFAULT | more
    assert TrainingSettings(**DEFAULT | more).given() == DEFAULT | more
