"""Optimizers of installed packages, by their names; here of a package that the tests write."""

import sys

import pytest
import torch

from descent.errors import RuleError, SignatureError
from descent.optimizers.packages import package_provenance, versions
from descent.optimizers.signatures import check_hyperparameters, list_hyperparameters
from descent.optimizers.step import make_step
from descent.parity.check import check
from descent.parity.contender import Contender
from descent.parity.remarks import of_options
from networks import bits, make_data, run

CLASSES = '''
import torch


class Base(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, betas=(0.9, 0.99)):
        super().__init__(params, {"lr": lr, "betas": betas})

    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            p.data.sub_(self.param_groups[0]["lr"] * self.direction(p))

    def direction(self, p):
        return p.grad.sign()


class Sign(Base):
    pass


class Noisy(Base):
    def direction(self, p):
        return p.grad + 0.1 * torch.randn_like(p)


class Averaged(Base):
    """Trains far from what it evaluates, and refuses a step in evaluation: schedule-free."""

    training = False

    def train(self):
        self.move(100, True)

    def eval(self):
        self.move(-100, False)

    def move(self, by, training):
        if self.training is not training:
            self.training = training
            for p in self.param_groups[0]["params"]:
                p.data.add_(by)

    def direction(self, p):
        assert self.training
        return p.grad


class Patient(Base):
    """Accumulates the gradients of 16 iterations before it takes a step."""

    count = 0

    def direction(self, p):
        self.count += p.ndim == 2
        return p.grad * (self.count > 16)


class Swallowing(Base):
    def __init__(self, params, lr=0.1, **others):
        super().__init__(params, lr)


class SecondOrder(Base):
    def direction(self, p):
        return torch.autograd.grad(p.grad.sum(), p)[0]


class OwnGroups(Base):
    def __init__(self, params, lr=0.1):
        super().__init__([p for p in params if "use_muon" in p], lr)


class Model(Base):
    def __init__(self, params, lr=0.1):
        super().__init__([p for _, p in params.named_parameters()], lr)


class Asserting(Base):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        assert lr > 1


class Closing(Base):
    def step(self, closure):
        closure()


class Wrapping(Base):
    def __init__(self, params, base_optimizer, lr=0.1):
        super().__init__(params, lr)


class Lookahead(Base):
    def __init__(self, optimizer, lr=0.1):
        super().__init__(optimizer.param_groups, lr)


class OfModel(Base):
    def __init__(self, model, lr=0.1):
        super().__init__(model.parameters(), lr)


class NoOptimizer:
    pass


def add(one, other):
    return one + other


def create_model(model_name, pretrained=False, cache_dir=None, **more):
    return model_name.partition(":")


number = 3
'''


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    """Install a package, `fakeopt` of the distribution fake-opt 1.2; return its folder."""
    folder = tmp_path / "site" / "fakeopt"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from .classes import *\nfrom .classes import Sign as Lion\n"
    )
    (folder / "classes.py").write_text(CLASSES)
    (folder / "boom.py").write_text(f"{CLASSES}\nraise SystemExit('imported')\n")
    about = folder.parent / "fake_opt-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-opt\nVersion: 1.2\n")
    (about / "RECORD").write_text("x.py,,\nfakeopt/__init__.py,,\nfakeone.py,,\n")
    (folder.parent / "fakeone.py").write_text("from fakeopt import Lion\n")
    monkeypatch.syspath_prepend(folder.parent)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "fakeopt"]:
        del sys.modules[name]


def test_signatures_are_read_without_importing_the_package():
    for name in ("fakeopt:Sign", "fakeopt:Lion", "fakeopt.classes:Sign", "fakeopt.boom:Sign"):
        check_hyperparameters(name, {"lr", "betas"})
        assert list_hyperparameters(name) == {"betas"}
        with pytest.raises(SignatureError, match="it takes lr, betas"):
            check_hyperparameters(name, {"momentum"})
    assert "fakeopt" not in sys.modules


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_package:Lion", "no_package is not installed; run: pip install no_package"),
        ("optimi_.x:Lion", "optimi_ is not installed"),
        ("fakeopt.clases:Lion", "fakeopt has no module clases; did you mean fakeopt.classes?"),
        ("fakeopt:Lino", "fakeopt has no Lino; did you mean Lion?"),
        ("fakeopt:_hidden", "fakeopt has no _hidden"),
        ("fakeopt.Lion", "fakeopt.Lion: did you mean fakeopt:Lion?"),
        ("fakeopt:classes:Lion", "with one colon, as in timm.optim:Adan"),
        ("fakeopt::Lion", "with one colon, as in timm.optim:Adan"),
        ("fakeopt.:Lion", "with one colon, as in timm.optim:Adan"),
        (".fakeopt:Lion", "with one colon, as in timm.optim:Adan"),
        ("fakeopt:classes.Lion", "with one colon, as in timm.optim:Adan"),
        ("fakeopt:", "with one colon, as in timm.optim:Adan"),
        ("fakeopt:NoOptimizer", "fakeopt:NoOptimizer is no optimizer, which is a class"),
        ("fakeopt:add", "fakeopt:add is no optimizer, which is a class with step()"),
        ("fakeopt:create_model", "fakeopt:create_model is no optimizer, which is a class"),
        ("fakeopt:Closing", "Closing cannot be used: its step needs closure, with which"),
        ("fakeopt:Wrapping", "made from another optimizer (base_optimizer)"),
        ("fakeopt:Lookahead", "made from another optimizer (optimizer)"),
        ("fakeopt:OfModel", "made from the whole network (model)"),
        ("torch.optim:LBFGS", "LBFGS cannot be used: its step needs a closure"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_line(name, said):
    with pytest.raises(SignatureError) as error:
        check_hyperparameters(name, {"lr"})
    assert said in str(error.value) and len(str(error.value).splitlines()) == 1
    assert str(error.value).startswith("optimizer: ")


def test_a_class_gets_the_signature_of_its_own_base_whatever_their_names(write):
    file = write("import fakeopt\nclass Adam(fakeopt.Lion):\n    pass\nfrom fakeopt import Sign\n")
    for name in ("Adam", "Sign"):
        check_hyperparameters(f"{file}:{name}", {"lr", "betas"})
        with pytest.raises(SignatureError, match="takes no amsgrad here; it takes lr, betas"):
            check_hyperparameters(f"{file}:{name}", {"amsgrad"})


def test_versions_are_those_of_the_packages_that_are_used(write):
    assert versions("fakeopt:Lion") == versions("fakeopt.classes:Sign") == {"fake-opt": "1.2"}
    assert versions("fakeone:Lion") == {"fake-opt": "1.2"}
    file = write("import os, torch, beside\ndef rule(p, g, s, *, lr):\n    import fakeopt\n")
    write("", "beside.py")
    assert versions(f"{file}:rule") == {"fake-opt": "1.2"}
    assert package_provenance("fakeopt:Lion") == {"packages": {"fake-opt": "1.2"}}
    for name in ("scratch.sgd", "torch.optim.SGD", f"{write('import torch')}:rule"):
        assert versions(name) == package_provenance(name) == {}


def test_a_class_of_a_package_takes_its_steps():
    parameters = [torch.zeros(1, 3, 2)]
    make_step("fakeopt:Lion", parameters, {"lr": 0.5, "betas": [0.9, 0.99]})([torch.ones(1, 3, 2)])
    assert torch.equal(parameters[0], torch.full((1, 3, 2), -0.5))


@pytest.mark.parametrize("name", ["Lion", "Noisy", "Averaged"])
def test_five_seeds_together_have_the_bits_of_each_alone(name):
    settings, data = {"optimizer": f"fakeopt:{name}", "lr": 0.01}, make_data()
    together = run(data, settings, [0, 1, 2, 3, 4], epochs=1)
    alone = [run(data, settings, [seed], epochs=1)[0] for seed in range(5)]
    assert [bits(one) for one in together] == [bits(one) for one in alone]
    assert bits(together[0]) != bits(together[1])


def test_random_numbers_are_those_of_the_run_in_every_iteration():
    """Each step draws others, and a run of another root seed has others."""
    step = make_step("fakeopt:Noisy", [parameter := torch.zeros(1, 3, 2)], {"lr": 1.0})
    before = torch.get_rng_state()
    ends = []
    for _ in range(2):
        parameter.zero_()
        step([torch.zeros(1, 3, 2)])
        ends.append(parameter.clone())
    assert not torch.equal(*ends) and torch.equal(before, torch.get_rng_state())
    settings, data = {"optimizer": "fakeopt:Noisy", "lr": 0.01}, make_data()
    first, again = (run(data, settings, [0], epochs=1)[0] for _ in range(2))
    assert bits(first) == bits(again)


def test_random_numbers_go_on_after_a_checkpoint(write):
    file = write(
        "import torch\ndef rule(parameters, gradients, state, *, lr):\n"
        "    for p, g in zip(parameters, gradients):\n        p -= lr * torch.rand_like(g) * g\n"
    )
    steps, parameters = [], []
    for _ in range(2):
        parameters.append([torch.zeros(2, 3, 2)])
        steps.append(make_step(f"{file}:rule", parameters[-1], {"lr": 1.0}))
    ones = torch.ones(2, 3, 2)
    for _ in range(3):
        steps[0]([ones])
    steps[1].load_state(steps[0].state())
    for own, step in zip(parameters, steps, strict=True):
        own[0].zero_()
        step([ones])
    assert torch.equal(parameters[0][0], parameters[1][0])


def test_evaluation_and_final_weights_are_those_of_evaluation_mode():
    data, plain = make_data(), {"optimizer": "scratch.sgd", "lr": 0.01}
    averaged = run(data, {"optimizer": "fakeopt:Averaged", "lr": 1e-9}, [0], epochs=1)[0]
    assert abs(averaged.test_loss[0] - run(data, plain, [0], epochs=1)[0].test_loss[0]) < 1e-3
    assert all(tensor.abs().max() < 50 for tensor in averaged.parameters.values())


def test_a_rule_may_accumulate_gradients_first():
    make_step("fakeopt:Patient", [torch.zeros(1, 3, 2), torch.zeros(1, 3)], {"lr": 0.1})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SecondOrder", "needs second derivatives, but gradients are plain numbers"),
        ("OwnGroups", "it wants groups of parameters with keys of its own; a class of a few lines"),
        ("Model", "it needs the whole model, but gets its parameters"),
        ("Asserting", "fakeopt:Asserting: AssertionError: assert lr > 1"),
    ],
)
def test_what_an_optimizer_needs_besides_is_said(name, reason):
    with pytest.raises(RuleError, match=reason):
        make_step(f"fakeopt:{name}", [torch.zeros(1, 3, 2)], {"lr": 0.1})


def test_what_only_running_the_package_tells_is_no_optimizer():
    with pytest.raises(RuleError, match="fakeopt:number is no optimizer: its type is int"):
        make_step("fakeopt:number", [torch.zeros(1, 3, 2)], {"lr": 0.1})


def test_a_check_of_two_packages_classes():
    report = check("fakeopt:Lion", "fakeopt.classes:Sign", {"lr": 0.01}, iterations=10)
    assert report.verdict == "identical" and report.passed


def test_an_option_that_a_package_swallows_is_pointed_out():
    ours = Contender.load("fakeopt:Swallowing", {"lr": 0.01, "momentm": 0.9})
    theirs = Contender.load("torch.optim.SGD", {"lr": 0.01, "weight_decay": 0})
    said = (
        "momentm=0.9 changes nothing in the steps of fakeopt:Swallowing here: is it spelled right?"
    )
    assert of_options(ours, theirs) == [said]
