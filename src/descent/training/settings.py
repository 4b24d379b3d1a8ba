"""What training depends on besides the optimizer, and how a Snakemake rule passes it on.

The Snakefile imports this module at every start, so it must stay light.
"""

from dataclasses import MISSING, asdict, dataclass, fields


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What a run's numbers depend on besides its optimizer, its seed and the number of epochs.

    A field added later must have a default that changes nothing: `given` leaves it out, so that
    existing results stay up to date.

    Attributes
    ----------
    root_seed : int
        Every random stream is derived from it.
    seeding : str
        `independent`, or `paired`: the runs of one seed share initialization and mini-batches
        across variants.
    hidden : list of int or None
        Widths of the hidden layers, unless the network is a module.
    batch_size : int
        Images per mini-batch.
    threads : int
        Number of torch threads, set for the whole process.
    validation_fraction : float
        Share of the training images held out for validation, in [0, 1).
    device : str
        `auto`, `cpu` or `cuda`, see `descent.training.device.resolve`.
    model : dict or None
        A module as the network: `module`, `initialization` and keywords, as in the configuration.
    """

    root_seed: int
    seeding: str
    hidden: list | None
    batch_size: int
    threads: int = 1
    validation_fraction: float = 0
    device: str = "cpu"
    model: dict | None = None

    @classmethod
    def from_config(cls, config):
        """Pick the settings from a resolved configuration."""
        training, model = config["training"], config["model"]
        is_module = "module" in model
        return cls(
            root_seed=config["root_seed"],
            seeding=config["seeding"],
            hidden=None if is_module else model["hidden"],
            batch_size=training["batch_size"],
            threads=training["threads"],
            validation_fraction=training["validation_fraction"],
            device=training["device"],
            model=model if is_module else None,
        )

    def iterations_per_epoch(self, n_images):
        """Count the mini-batches of an epoch, where validation images are held out of n_images."""
        n_images -= round(self.validation_fraction * n_images)
        return -(-n_images // self.batch_size)

    def given(self):
        """Return the settings as a dict, without those that have their default value.

        Snakemake reruns a job when its parameters change. Leaving defaults out means that a setting
        added in a later version is not a parameter of a job until someone uses it.
        """
        defaults = {field.name: field.default for field in fields(self)}
        return {
            name: value
            for name, value in asdict(self).items()
            if defaults[name] is MISSING or value != defaults[name]
        }
