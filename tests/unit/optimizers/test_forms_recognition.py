"""What is said of the form of a rule, and what is refused."""

import pickle
import re
import subprocess
import sys

import cloudpickle
import numpy
import pytest
import torch

import forms_arrays as arrays
import forms_classes as classes
import forms_dicts as dicts
import forms_lists as lists
import forms_pure as pure
from configurations import PROJECT
from descent.errors import RuleError
from descent.optimizers.forms import FORMS, looks_like, recognise
from descent.optimizers.loading import load
from forms_walking import ADAM, MOMENTUM, RMSPROP, SGD, same, torch_walk, walk


def test_a_form_is_put_in_words():
    adapted = recognise(arrays.sgd_momentum, MOMENTUM)
    assert adapted.words == "taken as one array at a time, with its state in config"
    assert adapted.translated == ["learning_rate is lr"]
    assert recognise(dicts.update_parameters_with_adam, ADAM).translated == [
        "learning_rate is lr",
        "beta1 and beta2 are betas",
        "epsilon is eps",
    ]
    assert "sums over a batch" in recognise(lists.sgd, SGD).words
    assert "batch" not in recognise(lists.sgd_of_data, SGD).words


def test_a_wrong_rule_is_taken_as_what_it_looks_like():
    """One array at a time would move all parameters, and not be what it is written for."""
    adapted = recognise(lists.last_left_out, MOMENTUM)
    assert adapted.words == "taken as a list of parameters, with its state in velocities"


def test_the_signature_lists_hyperparameters_as_the_user_names_them():
    signature = recognise(dicts.update_parameters_with_adam, SGD).rule.__signature__
    assert str(signature) == (
        "(parameters, gradients, state, *, lr=0.01, betas=(0.9, 0.999), eps=1e-08)"
    )
    own = recognise(pure.momentum, {"lr": 0.1, "mu": 0.9}).rule.__signature__
    assert str(own) == "(parameters, gradients, state, *, lr, mu)"


def test_a_batch_size_may_be_given():
    given = {"lr": 0.03, "batch_size": 10}
    assert same(walk(recognise(lists.sgd, given).rule, given), torch_walk(torch.optim.SGD, SGD))


def test_canonical_rules_and_optimizers_of_torch_are_left_alone():
    assert recognise(lists.canonical, SGD) is None
    assert recognise(lists.canonical_without_effect, SGD) is None  # its mistake is told elsewhere
    assert recognise(torch.optim.Adam, ADAM) is None
    assert recognise(type("Mine", (torch.optim.SGD,), {}), SGD) is None


def test_what_does_not_know_the_parameters_returns_what_is_added():
    adapted = recognise(lists.scale_by_momentum, {"momentum": 0.8})
    expected = torch_walk(torch.optim.SGD, {"lr": 1, "momentum": 0.8})
    assert same(walk(adapted.rule, {"momentum": 0.8}), expected)
    assert adapted.words.endswith("returning what is added to the parameters")


def test_a_learning_rate_of_0_is_no_mistake():
    adapted = recognise(lists.sgd, {"lr": 0})
    assert same(walk(adapted.rule, {"lr": 0}), walk(adapted.rule, {"lr": 0}, n=1))


def test_a_form_may_be_demanded():
    assert recognise(lists.either, SGD) is None
    assert recognise(lists.either, SGD, form="pure").form == "pure"
    with pytest.raises(RuleError, match="there is no form list; the forms are grad-list"):
        recognise(lists.either, SGD, form="list")
    with pytest.raises(RuleError, match="sgd has none of the forms"):
        recognise(lists.sgd, SGD, form="dict")


@pytest.mark.parametrize(
    ("rule", "given", "message"),
    [
        (lists.sgd_that_torch_refuses, SGD, "torch refuses in every training loop"),
        (classes.Refused, SGD, "torch refuses in every training loop"),
        (dicts.on_the_graph, SGD, "still hangs on the graph"),
        (classes.WithoutStep, SGD, "WithoutStep has no method step or update"),
        (classes.KerasLike, SGD, "no argument has a usual name of parameters"),
        (lists.stepper, SGD, "stepper takes no step: .* no parameter changes"),
        (lists.lost_tensors, SGD, "puts new tensors into the list"),
        (
            lists.closure,
            SGD,
            "takes no step: .*neither changes the parameters nor",
        ),
        (lists.linear_regression, SGD, "b: what to call the rule with is unknown"),
        (lists.two_layers, SGD, "written for a network of two layers"),
        (lists.with_its_own_loss, SGD, "loss: what to call the rule with is unknown"),
        (lists.with_a_mistake, SGD, r"AttributeError in line \d+: .*gradient"),
        (lists.in_float32, SGD, "returns float32 for parameters in float64"),
        (lists.sgd, MOMENTUM, "momentum: the rule takes no momentum here; it takes lr"),
        (lists.sgd_momentum, SGD, "momentum: missing"),
        (arrays.sgd_momentum, ADAM, "betas: the rule takes no betas here"),
        (dicts.wrong_alpha, SGD, "lr: the rule takes no lr here; it takes none"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_a_clear_line(rule, given, message):
    with pytest.raises(RuleError, match=message) as caught:
        recognise(rule, given)
    assert len(str(caught.value).split("\n")) in (1, 4)  # alone, or with an adapter


def test_an_ambiguous_hyperparameter_is_refused():
    def update(params, grads, v, lr, beta, gamma):
        return params

    with pytest.raises(RuleError, match="momentum: this may be beta or gamma"):
        recognise(update, MOMENTUM)


def test_a_learning_rate_and_an_alpha_are_told_apart():
    def rmsprop(w, g, alpha, decay_rate, epsilon, cache=0):
        cache = decay_rate * cache + (1 - decay_rate) * g**2
        return w - alpha * g / (cache**0.5 + epsilon), cache

    def other(w, g, lr, alpha, eps, cache=0):
        return rmsprop(w, g, lr, alpha, eps, cache)

    for rule in (rmsprop, other):
        expected = torch_walk(torch.optim.RMSprop, RMSPROP)
        assert same(walk(recognise(rule, RMSPROP).rule, RMSPROP), expected)


@pytest.mark.parametrize(
    ("names", "is_class", "expected"),
    [
        (["params", "lr", "batch_size"], False, True),
        (["w", "dw", "config"], False, True),
        (["param_dict"], False, True),
        (["lr"], False, True),
        (["self", "x1", "x2"], False, False),
        (["a", "b", "c"], False, False),
        ([], False, False),
        (["params", "lr"], True, True),
        (["model", "lr"], True, True),
        (["learning_rate", "name"], True, True),
        (["name"], True, False),
    ],
)
def test_names_tell_what_may_be_one_of_the_forms(names, is_class, expected):
    assert looks_like(names, is_class) is expected


COURSE = """
import numpy as np

lr = 0.5  # of another cell

def init_plots(n):
    raise SystemExit("this must not be called")

def initialize_adam(parameters):
    zeros = {"d" + name: np.zeros_like(value) for name, value in parameters.items()}
    return zeros, {name: value.copy() for name, value in zeros.items()}

def adam(parameters, grads, v, s, t, learning_rate, beta1, beta2, epsilon):
    print("step", t)
    for name in parameters:
        g = grads["d" + name]
        v["d" + name] = beta1 * v["d" + name] + (1 - beta1) * g
        s["d" + name] = beta2 * s["d" + name] + (1 - beta2) * g ** 2
        m = v["d" + name] / (1 - beta1 ** t)
        root = np.sqrt(s["d" + name] / (1 - beta2 ** t))
        parameters[name] -= learning_rate * m / (root + epsilon)
    return parameters, v, s
"""


def test_a_rule_in_a_file(write, capsys):
    rule = load(write(COURSE)).adam
    adapted = recognise(rule, ADAM)
    assert not capsys.readouterr().out
    assert same(walk(adapted.rule, ADAM), torch_walk(torch.optim.Adam, ADAM))


def test_a_mistake_in_a_file_is_told_with_its_line(write):
    rule = load(write(COURSE.replace("beta1 ** t", "beta1 ** time"))).adam
    with pytest.raises(RuleError) as caught:
        recognise(rule, ADAM)
    assert "NameError in line 19: name 'time' is not defined" in str(caught.value)
    assert "(W1, b1, ...), with its state in v and s, which is nearest" in str(caught.value)


def test_the_examples_of_the_documentation_are_taken():
    page = (PROJECT / "docs/forms.md").read_text()
    (block,) = re.findall(r"```python\n(def sgd.*?)```", page, re.DOTALL)
    for example in block.split("\n\n\n"):
        _, name, form = re.match(r"(def|class) (\w+).*# ([\w-]+)", example).groups()
        names = {"np": numpy, "torch": torch}
        exec(example, names)
        given = MOMENTUM if "mu" in example or "momentum" in example else SGD
        adapted = recognise(names[name], given)
        assert adapted.form == form
        assert same(walk(adapted.rule, given), torch_walk(torch.optim.SGD, given))
    assert all(f"| `{form}` |" in page for form in FORMS)


def test_names_are_read_without_torch():
    code = "import sys, descent.optimizers.form_names; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_adapted_rule_can_be_pickled():
    """`remembered` compares what cloudpickle makes of a rule before and after."""
    adapted = recognise(arrays.sgd_momentum, MOMENTUM).rule
    before = cloudpickle.dumps(adapted)
    walk(adapted, MOMENTUM)
    assert cloudpickle.dumps(adapted) == before
    assert same(walk(pickle.loads(before), MOMENTUM), walk(adapted, MOMENTUM))
