"""Modules of torch: right ones train as anybody would train them; what is said of others."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import own_modules
from descent.data.prepared import normalize
from descent.errors import RuleError
from descent.parity.replay import Network, Training
from descent.training import epoch, loop, modules
from descent.training.modules import Modules
from descent.training.networks import make_networks
from descent.training.seeding import generator
from networks import MOMENTUM, SGD, TRAINING, bits, make_data, run
from pretended import DEVICE, pretending

FILE = own_modules.__file__

RIGHT = [
    *("WithBoth", "Reassigns", "Lazy", "Tied", "Spectral", "Scaled", "Frozen", "Recurrent"),
    *("Attention", "KeepsActivations", "Recomputes", "Hooked", "made"),
]


def own(name, **more):
    return {"module": f"{FILE}:{name}", **more}


def make(name, seeds=(0,), device="cpu", **more):
    training = replace(TRAINING, model=own(name, **more), hidden=None)
    return make_networks(training, make_data(), "v", seeds, device)


@pytest.mark.parametrize("name", RIGHT)
def test_a_seed_has_the_same_bits_whatever_trains_beside_it(name):
    data, model = make_data(n_train=100), own(name)
    together = run(data, MOMENTUM, [0, 1], model=model)
    [alone] = run(data, MOMENTUM, [1], model=model)
    assert bits(together[1]) == bits(alone)
    assert bits(together[0])[2:] != bits(together[1])[2:]
    assert together[0].iterations["train_loss"][-1] < together[0].iterations["train_loss"][0]


def train_as_anybody_would(data, initialization, seed=3):
    """Train WithBoth: batch norm and dropout, in torch's own loop, and evaluate it."""
    order, noise = (generator(0, purpose, "v", seed) for purpose in ("order", "noise"))
    initial = generator(0, "initialization", "v", seed)
    torch.manual_seed(initial.initial_seed())
    network = own_modules.WithBoth()
    if initialization == "lab":
        for layer, n_in in ((network.conv1, 9), (network.fc, 256)):
            torch.nn.init.normal_(layer.weight, 0, n_in**-0.5, generator=initial)
            torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
    images, labels = normalize(data.train_images, data.normalization), data.train_labels
    losses = []
    for _ in range(2):
        for batch in torch.randperm(len(images), generator=order).split(32):
            torch.manual_seed(int(torch.randint(2**62, (), generator=noise)))
            loss = F.cross_entropy(network(images[batch].reshape(-1, 1, 8, 8)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    test_images = normalize(data.test_images, data.normalization).reshape(-1, 1, 8, 8)
    logits = network.eval()(test_images)
    return losses, network.state_dict(), F.cross_entropy(logits, data.test_labels).item()


@pytest.mark.parametrize("initialization", ["lab", "torch"])
def test_training_is_the_loop_that_anybody_would_write(initialization):
    """Also what batch norm keeps, what dropout draws, and evaluation mode."""
    data = make_data(n_train=100)
    [ours] = run(data, MOMENTUM, [3], model=own("WithBoth", initialization=initialization))
    with torch.random.fork_rng():
        losses, tensors, test_loss = train_as_anybody_would(data, initialization)
    assert ours.iterations["train_loss"].tolist() == pytest.approx(losses, rel=1e-4)
    assert ours.parameters.keys() == tensors.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(ours.parameters[name], tensor, rtol=1e-4, atol=1e-5)
    assert ours.test_loss[-1] == pytest.approx(test_loss, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("next_iteration", lambda original: lambda self: None),  # the same dropout for ever
        ("evaluate", lambda original: Modules.forward),  # not in evaluation mode
        ("buffers", lambda original: lambda self, index: self._before[index]),
    ],
)
def test_mistakes_with_what_is_kept_and_drawn_are_found(name, mutant, monkeypatch):
    monkeypatch.setattr(Modules, name, mutant(getattr(Modules, name)))
    with pytest.raises(AssertionError):
        test_training_is_the_loop_that_anybody_would_write("lab")


def test_an_interrupted_run_goes_on_with_its_buffers_and_random_numbers(tmp_path, monkeypatch):
    data, model = make_data(n_train=100), own("WithBoth")
    [whole] = run(data, MOMENTUM, [0], model=model, epochs=4)
    monkeypatch.setattr("descent.training.checkpoint._SHARE", 1e9)
    train_epoch = loop.train_epoch

    def fail(networks, step, *rest):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(networks)
        return train_epoch(networks, step, *rest)

    calls = []
    kept = {"checkpoint_folder": tmp_path}
    monkeypatch.setattr(loop, "train_epoch", fail)
    with pytest.raises(KeyboardInterrupt):
        run(data, MOMENTUM, [0], model=model, epochs=4, **kept)
    monkeypatch.setattr(loop, "train_epoch", train_epoch)
    [resumed] = run(data, MOMENTUM, [0], model=model, epochs=4, **kept)
    assert len(calls) == 2
    assert bits(resumed) == bits(whole)
    monkeypatch.setattr(loop, "train_epoch", fail)
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        run(data, MOMENTUM, [0], model=model, epochs=4, checkpoint_folder=tmp_path / "other")
    monkeypatch.setattr(loop, "train_epoch", train_epoch)
    monkeypatch.setattr(Modules, "load_state", lambda self, state: None)
    [wrong] = run(data, MOMENTUM, [0], model=model, epochs=4, checkpoint_folder=tmp_path / "other")
    assert bits(wrong) != bits(whole)


@pytest.mark.parametrize("name", ["WithBoth", "Reassigns", "Spectral"])
def test_a_replay_has_the_gradients_of_the_training(name, monkeypatch):
    data, recorded = make_data(n_train=100), []
    differentiate = epoch.differentiate

    def record(*arguments):
        logits, gradients = differentiate(*arguments)
        recorded.append(gradients)
        return logits, gradients

    monkeypatch.setattr(epoch, "differentiate", record)
    run(data, SGD, [0], model=own(name), variant="v", epochs=1)
    monkeypatch.undo()
    training = replace(TRAINING, model=own(name), hidden=None)
    source = Training.of(data, "v", [0], training)

    def maker(parameters):
        def step(gradients):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.detach().sub_(gradient, alpha=SGD["lr"])

        return step

    leader, other = (Network(source.initial, maker, torch.float32) for _ in range(2))
    for expected in recorded:
        gradients = source.gradients(leader)
        assert all(map(torch.equal, gradients, expected))
        assert all(map(torch.equal, source.at(other), expected))  # and those of others are alike
        for network in (leader, other):
            network.step(gradients, {})


def test_a_replay_in_float64_is_the_same_up_to_rounding():
    source = Training.of(
        make_data(), "v", [0, 1], replace(TRAINING, model=own("WithBoth"), hidden=None)
    )
    single, double = (
        Network(source.initial, lambda parameters: None, dtype)
        for dtype in (torch.float32, torch.float64)
    )
    gradients = source.gradients(single)
    for mine, other in zip(source.at(double), gradients, strict=True):
        assert mine.dtype == torch.float64
        # the bias before a batch norm has no effect: its gradient is rounding
        torch.testing.assert_close(mine.float(), other, rtol=1e-3, atol=1e-6)


WRONG = {
    "OneLogit": "it returns a tensor of shape (4,); return logits of shape (images, classes)",
    "Two": "it returns a tuple; return logits of shape (images, classes), here (4, 4)",
    "WithNumPy": "it draws random numbers with NumPy or random; draw them with torch",
    "WithRandom": "it draws random numbers with NumPy or random; draw them with torch",
    "Counts": "a call changes its n, which no checkpoint keeps; make it a buffer",
    "Remembers": "give other logits the second time; keep what it remembers in buffers",
    "NoParameters": "it has no parameters that could be trained",
    "AllFrozen": "it has no parameters that could be trained",
    "Unused": "extra.weight is not used; remove it, or freeze it with requires_grad_(False)",
    "DropsInEvaluation": "in evaluation mode; for dropout, use nn.Dropout, or F.dropout(",
    "Double": ", line 19: RuntimeError: Input type (float) and bias type (double)",
    "DoubleLogits": "it returns logits of dtype float64; return float32",
    "NoModule": "it is a NoModule, not a torch.nn.Module",
    "ChangesInPlace": "needed for gradient computation has been modified by an inplace operation",
    "Misspelt": "AttributeError: 'Misspelt' object has no attribute 'fcc'",
    "Unflattened": "shapes cannot be multiplied",
    "Detached": "its logits do not depend on its parameters",
    "Threads": "it changes torch's number of threads",
    "Color": "to have 3 channels, but got 1 channels instead",
    "WrongBackward": "ValueError: no gradient here",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_a_line(name):
    with pytest.raises(RuleError) as error:
        make(name)
    assert WRONG[name] in str(error.value) and str(error.value).startswith(FILE)
    assert "\n" not in str(error.value)


def test_a_line_is_named():
    with pytest.raises(RuleError) as error:
        make("Misspelt")
    line = int(str(error.value).partition(", line ")[2].partition(":")[0])
    assert Path(FILE).read_text().splitlines()[line - 1].strip() == "return self.fcc(x)"


def test_a_module_that_sets_the_seed_would_start_alike_in_all_runs():
    make("Seeds")  # the weights of the lab are drawn afterwards
    with pytest.raises(RuleError, match="it sets torch's random seed"):
        make("Seeds", initialization="torch")


def test_an_included_network_says_what_it_needs():
    training = replace(TRAINING, model={"module": "descent.models.lenet"}, hidden=None)
    with pytest.raises(RuleError, match="LeNet needs images of at least 12 x 12, not 8 x 8"):
        make_networks(training, make_data(), "v", [0])


def test_a_module_trains_on_a_device_and_a_tensor_on_the_cpu_is_its_error():
    data = make_data(n_train=100)
    run(data, SGD, [0], model=own("OnTheCpu"), epochs=1)
    with pretending(loop):
        [away] = run(data, SGD, [0, 1], model=own("WithBoth"), epochs=1)[1:]
    assert bits(away) == bits(run(data, SGD, [1], model=own("WithBoth"), epochs=1)[0])
    with pretending(loop), pytest.raises(RuleError, match="register_buffer") as error:
        run(data, SGD, [0], model=own("OnTheCpu"), epochs=1)
    assert "own_modules.py, line " in str(error.value)


@pytest.mark.parametrize("left", ["_others", "_trained"])
def test_a_tensor_of_a_module_that_is_left_on_the_cpu_is_an_error(left, monkeypatch):
    original = getattr(modules, left)
    monkeypatch.setattr(
        modules,
        left,
        lambda module: {name: each.detach().cpu() for name, each in original(module).items()},
    )
    with pretending(), pytest.raises(RuleError, match="Mixed"):
        make("WithBoth", device=DEVICE)
