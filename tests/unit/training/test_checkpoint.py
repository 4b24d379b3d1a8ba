"""Training that is interrupted and resumed gives the same bits as training that is not."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import pytest
import torch

from descent.optimizers import signatures
from descent.optimizers.step import ELEMENTWISE_CLASSES
from descent.optimizers.variant import Regulated
from descent.training import checkpoint, loop
from descent.training.checkpoint import Checkpoint, identify
from networks import SGD, bits, make_data, run
from pretended import Away, pretending

RULES = [f"scratch.{rule}" for rule in signatures._scratch_rules()]
CLASSES = [f"torch.optim.{name}" for name in (*sorted(ELEMENTWISE_CLASSES), "Adafactor", "Muon")]
OPTIONS = {
    "scratch.sgd": {"lr": 0.05},
    "scratch.sgd_momentum": {"lr": 0.05, "momentum": 0.9},
    "torch.optim.SGD": {"lr": 0.05, "momentum": 0.9},
    "torch.optim.Adafactor": {"eps": [None, 0.001]},
    "torch.optim.Adam": {"lr": 0.01, "amsgrad": True},
}
EPOCHS = 4


@pytest.fixture(scope="module")
def data():
    return make_data(n_train=96)


def interrupted(monkeypatch, data, settings, folder, after, **changes):
    """Train with a checkpoint after every epoch, and stop after that many of them."""
    saved = []

    def save(self, gather):
        self._not_before = 0
        original(self, gather)
        saved.append(gather)
        if len(saved) == after:
            raise KeyboardInterrupt

    original = Checkpoint.save
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Checkpoint, "save", save)
        run(data, settings, [0, 1], epochs=EPOCHS, checkpoint_folder=folder, **changes)


def assert_resumed(data, settings, folder, monkeypatch, capsys):
    """Fail unless a run that is interrupted after epoch 2 goes on there, with the same bits."""
    whole = run(data, settings, [0, 1], epochs=EPOCHS)
    interrupted(monkeypatch, data, settings, folder, after=3)
    capsys.readouterr()
    resumed = run(data, settings, [0, 1], epochs=EPOCHS, checkpoint_folder=folder)
    assert "resuming after epoch 2" in capsys.readouterr().out
    assert list(map(bits, resumed)) == list(map(bits, whole))
    assert len(resumed[0].train_seconds) == EPOCHS + 1


@pytest.mark.parametrize("optimizer", [*RULES, *CLASSES])
def test_a_resumed_run_has_the_same_bits(optimizer, data, tmp_path, monkeypatch, capsys):
    settings = {"optimizer": optimizer, **OPTIONS.get(optimizer, {})}
    assert_resumed(data, settings, tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("optimizer", ["scratch.adamw", "torch.optim.AdamW", "torch.optim.Muon"])
def test_a_schedule_clipping_and_groups_are_resumed(optimizer, data, tmp_path, monkeypatch, capsys):
    regime = {
        "lr_scheduler": {"name": "CosineAnnealingLR", "T_max": 10, "per": "iteration"},
        "gradient_clipping": {"norm": 0.5},
        "groups": [{"parameters": ["b*"], "weight_decay": 0}],
    }
    settings = {"optimizer": optimizer, "lr": 0.01, "weight_decay": 0.1, **regime}
    assert_resumed(data, settings, tmp_path, monkeypatch, capsys)


def test_a_schedule_that_starts_over_is_found(data, tmp_path, monkeypatch, capsys):
    scheduler = {"name": "ExponentialLR", "gamma": 0.5}
    monkeypatch.setattr(Regulated, "load_state", lambda self, state: None)
    with pytest.raises(AssertionError, match="assert"):
        settings = SGD | {"lr_scheduler": scheduler}
        assert_resumed(data, settings, tmp_path, monkeypatch, capsys)


RANDOM = """
import torch


def rule(parameters, gradients, state, *, lr):
    if not state:
        state["random"] = torch.Generator().manual_seed(0)
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr * (g + 0.1 * torch.randn(p.shape, generator=state["random"])))
"""


@pytest.fixture
def own(tmp_path):
    """Write a rule of the user's own, and return its settings."""

    def write(source, name="rule"):
        (tmp_path / "own.py").write_text(source)
        return {"optimizer": f"{tmp_path / 'own.py'}:{name}", "lr": 0.05}

    return write


def test_a_rule_with_random_numbers_is_resumed(data, tmp_path, monkeypatch, capsys, own):
    assert_resumed(data, own(RANDOM), tmp_path / "kept", monkeypatch, capsys)


PLAIN = """
import math

import torch

ELEMENTWISE = True
SCALES, SHIFT = [1.0, 0.5], torch.ones(3)


class Helper:
    @property
    def factor(self):
        return 1.0


HELPER = Helper()


def scaled(gradient, iteration):
    return SCALES[iteration % 2] * HELPER.factor * gradient + 0 * SHIFT.sum()


@torch.no_grad()
def rule(parameters, gradients, state, *, lr, betas=(0.9, 0.999)):
    state["iteration"] = state.get("iteration", 0) + 1
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr / math.sqrt(state["iteration"]) * scaled(g, state["iteration"]))
"""

GLOBAL = """
ELEMENTWISE, iteration = True, 0


def rule(parameters, gradients, state, *, lr):
    global iteration
    iteration += 1
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr / iteration * g)
"""

DEFAULT = """
ELEMENTWISE = True


def rule(parameters, gradients, state, *, lr, seen=[]):
    seen.append(lr)
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr / len(seen) * g)
"""

ATTRIBUTE = """
ELEMENTWISE = True


def rule(parameters, gradients, state, *, lr):
    rule.iteration += 1
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(lr / rule.iteration * g)


rule.iteration = 0
"""

HELPED = """
ELEMENTWISE = True


class Counter:
    iteration = 0

    def rate(self, lr):
        Counter.iteration += 1
        return lr / Counter.iteration


counter = Counter()


def rule(parameters, gradients, state, *, lr):
    rate = counter.rate(lr)
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(rate * g)
"""

UNKNOWN = """
def count():
    iteration = 0
    while True:
        yield (iteration := iteration + 1)


iterations = count()


def rule(parameters, gradients, state, *, lr):
    rate = lr / next(iterations)
    for p, g in zip(parameters, gradients, strict=True):
        p.sub_(rate * g)
"""

CLASS = """
import torch


class rule(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})
        self.iteration = 0

    @torch.no_grad()
    def step(self):
        self.iteration += 1
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] / self.iteration * p.grad)
"""


def test_a_rule_with_constants_helpers_and_decorators_is_resumed(
    data, tmp_path, monkeypatch, capsys, own
):
    assert_resumed(data, own(PLAIN), tmp_path / "kept", monkeypatch, capsys)


@pytest.mark.parametrize(
    "source",
    [GLOBAL, DEFAULT, ATTRIBUTE, HELPED, UNKNOWN, CLASS],
    ids=["global", "default", "attribute", "class attribute", "generator", "subclass"],
)
def test_what_is_remembered_outside_the_state_is_not_resumed(
    data, tmp_path, monkeypatch, capsys, own, source
):
    settings = own(source)
    whole = run(data, settings, [0, 1], epochs=EPOCHS)
    interrupted(monkeypatch, data, settings, tmp_path / "kept", after=3)
    assert "No checkpoint is kept" in capsys.readouterr().out
    resumed = run(data, settings, [0, 1], epochs=EPOCHS, checkpoint_folder=tmp_path / "kept")
    assert list(map(bits, resumed)) == list(map(bits, whole))


def test_seeds_that_train_one_after_the_other_resume_too(data, tmp_path, monkeypatch, capsys):
    """The first seed is finished, the second one was in its third epoch."""
    threads = {"threads": 2}
    whole = run(data, SGD, [0, 1], epochs=EPOCHS, **threads)
    interrupted(monkeypatch, data, SGD, tmp_path, after=EPOCHS + 1 + 3, **threads)
    capsys.readouterr()
    resumed = run(data, SGD, [0, 1], epochs=EPOCHS, checkpoint_folder=tmp_path, **threads)
    printed = capsys.readouterr().out
    assert "resuming after epoch 4" in printed and "resuming after epoch 2" in printed
    assert list(map(bits, resumed)) == list(map(bits, whole))


def test_a_diverged_seed_is_resumed_as_such(data, tmp_path, monkeypatch):
    settings = {"optimizer": "scratch.sgd", "lr": 1e30}
    whole = run(data, settings, [0, 1], epochs=EPOCHS)
    interrupted(monkeypatch, data, settings, tmp_path, after=1)
    resumed = run(data, settings, [0, 1], epochs=EPOCHS, checkpoint_folder=tmp_path)
    assert [one.status() for one in resumed] == [one.status() for one in whole]
    assert resumed[0].diverged


@pytest.mark.parametrize(
    "change", [{"hidden": (10, 10)}, {"identity": {"configuration": {"lr": 0.2}}}]
)
def test_progress_of_another_configuration_is_refused(data, tmp_path, monkeypatch, capsys, change):
    ours = {"identity": {"configuration": {"lr": 0.1}}}
    if "hidden" in change:  # as in the training job
        change = {**change, "identity": {"configuration": {"hidden": change["hidden"]}}}
    interrupted(monkeypatch, data, SGD, tmp_path, after=3, **ours)
    other = run(data, SGD, [0, 1], epochs=EPOCHS, checkpoint_folder=tmp_path, **change)
    assert "not used, training starts over: it was made with another" in capsys.readouterr().out
    change.pop("identity")
    assert list(map(bits, other)) == list(
        map(bits, run(data, SGD, [0, 1], epochs=EPOCHS, **change))
    )


def test_other_seeds_are_refused(data, tmp_path, monkeypatch, capsys):
    interrupted(monkeypatch, data, SGD, tmp_path, after=3)
    run(data, SGD, [0, 2], epochs=EPOCHS, checkpoint_folder=tmp_path)
    assert "it was made with another" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\x02\0\0\0\0\0\0\0{}"])
def test_a_broken_file_is_refused(data, tmp_path, capsys, content):
    (tmp_path / "0.safetensors").write_bytes(content)
    found = run(data, SGD, [0, 1], epochs=EPOCHS, checkpoint_folder=tmp_path)
    assert "not used, training starts over: it cannot be read" in capsys.readouterr().out
    assert list(map(bits, found)) == list(map(bits, run(data, SGD, [0, 1], epochs=EPOCHS)))


@pytest.mark.parametrize("part", ["optimizer", "orders", "runs"])
def test_progress_that_cannot_be_taken_up_is_refused(data, tmp_path, monkeypatch, capsys, part):
    """What was taken up before the mistake showed is gone: the bits are those of a new run."""
    settings = {"optimizer": "torch.optim.Adam"}
    whole = run(data, settings, [0, 1], epochs=EPOCHS)
    interrupted(monkeypatch, data, settings, tmp_path, after=3)
    load = Checkpoint.load
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "load", lambda self: {**load(self), part: [{}, {}]})
        found = run(data, settings, [0, 1], epochs=EPOCHS, checkpoint_folder=tmp_path)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("checkpoint not used, training starts over: ")
    assert second.startswith("epoch 0/")
    assert list(map(bits, found)) == list(map(bits, whole))


def test_identity_follows_content_and_configuration(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("1")
    before = identify({"lr": 0.1}, [file])
    assert identify({"lr": 0.1}, [file]) == before != identify({"lr": 0.2}, [file])
    file.write_text("2")
    assert identify({"lr": 0.1}, [file]) != before


def test_saving_takes_no_more_than_its_share(tmp_path, monkeypatch):
    """Epochs of 0.1 s, 0.02 s to save: every tenth epoch is kept."""
    clock, saved = [0.0], []
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: clock[0])

    def save_file(*_):
        saved.append(clock[0])
        clock[0] += 0.02

    monkeypatch.setattr(checkpoint, "save_file", save_file)
    monkeypatch.setattr(checkpoint, "replacing", lambda file: pytest.MonkeyPatch.context())
    monkeypatch.setattr(checkpoint, "seal", lambda file: None)
    keeper = Checkpoint(tmp_path / "file", {})
    for _ in range(100):
        clock[0] += 0.1
        keeper.save(dict)
    assert len(saved) == 10
    assert 0.02 * len(saved) <= 0.021 * clock[0]


class Pair(NamedTuple):
    first: float
    second: float


ONES = torch.ones(2, 3)
SHARED = []


@pytest.mark.parametrize(
    "state",
    [
        {"set": {1, 2}},
        {"pair": Pair(0.0, 1.0)},
        {"default": defaultdict(float)},
        {"number": np.float64(1)},
        {"parameter": torch.nn.Parameter(torch.ones(3))},
        {"double": torch.ones(3, dtype=torch.complex128)},
        {"sparse": ONES.to_sparse()},
        {"alias": ONES, "of": ONES},
        {"alias": ONES.T, "of": ONES},
        {"alias": SHARED, "of": SHARED},
        {"bytes": np.zeros(3, ">f4")},
    ],
    ids=lambda state: next(iter(state)),
)
def test_a_state_that_cannot_be_kept_does_not_stop_training(tmp_path, capsys, state):
    Checkpoint(tmp_path / "file", {}).save(lambda: {"optimizer": state})
    assert "No checkpoint is kept" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_a_tree_comes_back_as_it_was(tmp_path):
    tree = {
        "numbers": [1, 0.1, float("nan"), float("-inf"), None, True, "text"],
        0: (torch.tensor([1.0, -0.0, float("nan")]), torch.arange(3), torch.tensor(2.0)),
        "array": torch.rand(2, 3).numpy(),
        "column": torch.rand(3, 4).T,
        "empty": [torch.empty(0), torch.empty(0), {}, [], ()],
    }
    Checkpoint(tmp_path / "file", {"a": 1}).save(lambda: tree)
    loaded = Checkpoint(tmp_path / "file", {"a": 1}).load()
    assert repr(loaded) == repr(tree)
    assert loaded["array"].tobytes() == tree["array"].tobytes()
    assert loaded["column"].stride() == tree["column"].stride()


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "scratch.sgd_momentum", "lr": 0.05, "momentum": 0.9},
        {"optimizer": "scratch.adam"},
        {"optimizer": "torch.optim.Adam"},
    ],
    ids=lambda settings: settings["optimizer"],
)
def test_what_was_on_a_device_goes_on_there(settings, data, tmp_path, monkeypatch, capsys):
    # a checkpoint takes no subclass of Tensor, but those here stand for plain ones
    kind = {Away: torch.Tensor}
    own = "type"
    monkeypatch.setattr(checkpoint, own, lambda v: kind.get(type(v), type(v)), raising=False)
    with pretending(loop):
        whole = run(data, settings, [0, 1], epochs=EPOCHS, stack_size=3)
        interrupted(monkeypatch, data, settings, tmp_path, after=3, stack_size=3)
        capsys.readouterr()
        again = {"checkpoint_folder": tmp_path, "stack_size": 3}
        resumed = run(data, settings, [0, 1], epochs=EPOCHS, **again)
    assert "resuming after epoch 2" in capsys.readouterr().out
    assert list(map(bits, resumed)) == list(map(bits, whole))
    assert resumed[0].device == "meta"


def test_progress_of_another_device_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    on_cpu, on_gpu = (identify({}, [], device) for device in ("cpu", "cuda"))
    assert on_gpu["device_name"] == "NVIDIA H100" and on_cpu["device"] == "cpu"
    Checkpoint(tmp_path / "0", on_cpu).save(lambda: {"epoch": 1})
    assert Checkpoint(tmp_path / "0", on_cpu).load() == {"epoch": 1}
    assert Checkpoint(tmp_path / "0", on_gpu).load() is None
