"""What training depends on beside the optimizer, and how a Snakemake rule hands it on.

The Snakefile imports this module at every start, hence it is light.
"""

from dataclasses import MISSING, asdict, dataclass, fields


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """What the numbers of a run depend on, beside its optimizer, its seed and the epochs.

    A later field must have a default that changes nothing: as `given` leaves it out, the results
    that are there stay up to date.

    Attributes
    ----------
    root_seed : int
        Every random stream is derived from it.
    seeding : str
        `independent`, or `paired`: the runs of one seed share initialization and mini-batches
        across variants.
    hidden : list of int
        Widths of the hidden layers.
    batch_size : int
        Images per mini-batch.
    threads : int
        Threads of torch, set for the whole process.
    validation_fraction : float
        Share of the training images that is held out, in [0, 1).
    """

    root_seed: int
    seeding: str
    hidden: list
    batch_size: int
    threads: int = 1
    validation_fraction: float = 0

    @classmethod
    def from_config(cls, config):
        """Pick the settings from a resolved configuration."""
        training = config["training"]
        return cls(
            root_seed=config["root_seed"],
            seeding=config["seeding"],
            hidden=config["model"]["hidden"],
            batch_size=training["batch_size"],
            threads=training["threads"],
            validation_fraction=training["validation_fraction"],
        )

    def given(self):
        """Return the settings as a dict, without those that have their default.

        Snakemake reruns a job when its parameters change. A setting that is added in a later
        version is thus not among the parameters of a job until somebody uses it.
        """
        defaults = {field.name: field.default for field in fields(self)}
        return {
            name: value
            for name, value in asdict(self).items()
            if defaults[name] is MISSING or value != defaults[name]
        }
