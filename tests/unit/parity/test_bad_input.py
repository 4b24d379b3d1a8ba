"""What people get wrong: one line that says what, where and what to do, and the right exit code."""

import sys
import textwrap

import pytest

from checking import MOMENTUM
from descent.cli import main

RULE = """\
def {name}(parameters, gradients, state, *, lr, momentum):
    import torch
    if not state:
        state["v"] = [torch.zeros_like(p) for p in parameters]
    for p, g, v in zip(parameters, gradients, state["v"]):
        v.mul_(momentum).add_(g)
        p.sub_(lr * v)
"""
OWN, BASE = RULE.format(name="own"), RULE.format(name="base")
CLASS = "import torch\nclass own(torch.optim.Optimizer):\n"
INIT = (
    "    def __init__(self, params, lr, momentum):\n"
    "        super().__init__(params, dict(lr=lr, momentum=momentum))\n"
)
SGD = "def rule(w, gradients, state, *, lr):\n    for p, g in zip(w, gradients):\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Write files, check a rule, and return the exit code, the report and the errors."""
    monkeypatch.chdir(tmp_path)

    def run(files, arguments):
        for name, source in files.items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True, parents=True)
            file.write_bytes(source if isinstance(source, bytes) else source.encode())
        capsys.readouterr()
        code = main(["check", *arguments, "--iterations", "20"])
        return code, *capsys.readouterr()

    return run


def reference(name, *settings):
    """Compare with a class of torch at these hyperparameters."""
    given = [part for setting in settings for part in ("--set-reference", setting)]
    return ["scratch.sgd", "--against", f"torch.optim.{name}", "--set", "lr=0.01", *given]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (reference("Adam", "eps=0"), "torch.optim.Adam: its parameters are no longer finite at"),
        (reference("Adadelta", "eps=0"), "choose a smaller lr, or another eps if that is 0"),
        (reference("Adam", "betas=[0.9]"),
         "betas: torch.optim.Adam needs a list of 2 here, such as [0.9, 0.999], not [0.9]"),
        (reference("Adam", "betas=0.9"), "betas: torch.optim.Adam needs a list of 2 here"),
        (reference("Adam", "betas=[0.9, x]"), 'not [0.9, "x"]'),
        (reference("Adafactor", "eps=[0.1]"), "eps: torch.optim.Adafactor needs a list of 2 here"),
        (reference("Rprop", "etas=[0.5]"), "etas: torch.optim.Rprop needs a list of 2 here"),
        (reference("Adam", "capturable=true"), "torch.optim.Adam: AssertionError: If capturable="),
        (reference("Adam", "weight_decay=-1"), "torch.optim.Adam: Invalid weight_decay value: -1"),
        (reference("Muon", "ns_steps=2.5"), "torch.optim.Muon: TypeError: "),
        (reference("SGD", "nesterov=0.5"), "nesterov: torch.optim.SGD needs true or false here"),
        (reference("SGD", "momentum=false"),
         "momentum: torch.optim.SGD needs a number here, such as 0, not false"),
        (reference("ASGD", "t0=late"), 't0: torch.optim.ASGD needs a number here'),
        (["torch.optim.SGD", "--against", "scratch.sgd", "--set", "lr=0.1", "--set-rule",
          "weight_decay=-1"], "torch.optim.SGD: Invalid weight_decay value: -1"),
    ],
)  # fmt: skip
def test_a_reference_that_chokes_is_wrong_usage(run, arguments, said):
    code, out, err = run({}, arguments)
    [line] = err.splitlines()
    assert (code, out) == (2, "") and line.startswith("descent: ") and said in line


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("true", "lr: torch.optim.SGD needs a number here, such as 0.001, not true"),
        ("abc", 'lr: torch.optim.SGD needs a number here, such as 0.001, not "abc"'),
        ("0,1", 'not "0,1"'),
        ("null", "not null"),
        ("None", "not null"),
        ("[0.1]", "not [0.1]"),
        ("{a: 1}", "lr: torch.optim.SGD needs a number"),
        ("2020-13-45", "--set lr=2020-13-45: the value is not valid YAML"),
        ("", "--set lr=: the value is missing, as in lr=0.01"),
        ("9" * 400, "99999999999999999999: a hyperparameter must be finite"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(run, value, said):
    against = ["--against", "torch.optim.SGD", "--set", f"lr={value}"]
    code, _, err = run({}, ["scratch.sgd", *against])
    [line] = err.splitlines()
    assert code == 2 and said in line


def test_a_key_with_a_dash_is_corrected(run):
    arguments = ["scratch.sgd", "--against", "torch.optim.SGD", "--set", "weight-decay=0.1"]
    assert "did you mean weight_decay?" in run({}, arguments)[2]


@pytest.mark.parametrize("betas", ["(0.9, 0.99)", "[0, 0.99]", "[0.9,0.99]"])
def test_a_pair_may_be_written_as_in_python_or_yaml(run, betas):
    adam = ["--against", "torch.optim.Adam", "--set", "lr=0.01", "--set", f"betas={betas}"]
    assert run({}, ["scratch.sgd", *adam[:4], "--set-reference", adam[-1]])[0] == 1


def test_what_is_known_without_torch_is_said_before_it_is_imported(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "descent.parity.check", None)
    code, out, err = run({"own.py": BASE}, ["own.py:own", *MOMENTUM])
    assert (code, out) == (2, "")
    assert err == "descent: own.py has no function or class own, only base\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import no_such\n" + OWN,
         "own.py, line 1: ModuleNotFoundError: No module named 'no_such'; no_such is neither "
         "installed nor in /"),
        ("from no_such import own\n", "no_such is neither installed nor in /"),
        ("import torch.no_such\n" + OWN, "torch.no_such is neither installed nor in /"),
        ("from .other import own\n", "leave out the dot"),
        ("import other\nown = other.nothing\n", "module 'other' has no attribute 'nothing'"),
        ("import broken\n" + OWN, "own.py, line 1: SyntaxError: "),
        ("raise SystemExit(2)\n" + OWN, "SystemExit: 2; put what is only for the command line"),
        ("def make(): pass\nown = make()\n", "own.py:own is no optimizer: its type is NoneType"),
        ("def make():\n    return lambda w, g, s, *, lr: None\nown = make()\n",
         "momentum: the rule takes no momentum here"),
        ("own = 3\n", "own.py:own is no optimizer: its type is int"),
        ("from functools import partial\n" + BASE + "own = partial(base, nope=1)\n",
         "own.py: ValueError: partial object"),
        ("own = own\n", "own.py, line 1: NameError: name 'own' is not defined"),
        ("import torch\n" + OWN + "    torch.set_default_dtype(torch.float64)\n",
         "own.py: it changes torch's default dtype for all that runs after a step; remove that"),
        ("import torch\n" + OWN + "    torch.set_default_device('meta')\n",
         "own.py: it changes torch's default device for all that runs after a step"),
        (CLASS + INIT + "    def step(self): pass\n",
         "own.py: no parameter has changed"),
    ],
)  # fmt: skip
def test_an_error_of_the_rule_is_one_line(run, source, said):
    files = {"own.py": source, "other.py": BASE, "broken.py": "def x(:\n"}
    code, out, err = run(files, ["own.py:own", *MOMENTUM])
    verdict, line = out.splitlines()
    assert (code, verdict, err) == (1, "verdict: error", "") and said in line


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("1/0\n", "the reference fails: theirs.py, line 1: ZeroDivisionError"),
        (SGD + "        raise ValueError('no')\n", "theirs.py, line 3: ValueError: no"),
        (SGD + "        p.sub_(0)\n", "the reference fails: theirs.py: no parameter has changed"),
        (SGD + "        p.sub_(lr * g)\n    state['t'] = state.get('t', 0) + 1\n"
         "    assert state['t'] < 15, 'late'\n",
         "the reference fails: theirs.py, line 5: AssertionError: late"),
    ],
)  # fmt: skip
def test_a_failing_file_of_the_reference_is_wrong_usage(run, own, said):
    against = ["--against", "theirs.py:rule", "--set", "lr=0.1"]
    source = own if "def" in own else own + SGD + "        p.sub_(lr * g)\n"
    code, out, err = run({"theirs.py": source}, ["scratch.sgd", *against])
    [line] = err.splitlines()
    assert (code, out) == (2, "") and said in line


@pytest.mark.parametrize(("rule", "against", "code"), [("fine", "late", 2), ("late", "fine", 1)])
def test_of_two_rules_in_one_file_the_failing_one_is_blamed(run, rule, against, code):
    fine = SGD.replace("rule", "fine") + "        p.sub_(lr * g)\n"
    late = fine.replace("fine", "late") + "    state['t'] = state.get('t', 0) + 1\n"
    late += "    assert state['t'] < 15, 'late'\n"
    arguments = [f"both.py:{rule}", "--against", f"both.py:{against}", "--set", "lr=0.1"]
    found, out, err = run({"both.py": fine + late}, arguments)
    assert found == code and ("the reference fails: both.py" in err) == (code == 2)
    assert ("verdict: error" in out) == (code == 1)


#: Beside the rule, in all the ways in which a name gets to the top level of a file.
@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(OWN.replace("momentum)", "beta)") + OWN, id="twice"),
        pytest.param(
            f"try:\n    import no_such\nexcept ImportError:\n{textwrap.indent(OWN, '    ')}",
            id="try",
        ),
        pytest.param(
            f"from functools import partial\n{BASE}own = partial(base, lr=0.3)", id="partial"
        ),
        pytest.param(
            f"def make():\n{textwrap.indent(BASE, '    ')}    return base\nown = make()", id="made"
        ),
        pytest.param("from other import base as inner\nown = inner", id="imported"),
        pytest.param("import other\nown = other.base", id="attribute"),
        pytest.param("import torch\nown = torch.optim.SGD", id="torch"),
        pytest.param(
            "def own(w, g, s, **k):\n    from other import base\n    base(w, g, s, **k)", id="late"
        ),
    ],
)
def test_a_rule_is_found_however_it_is_bound(run, source):
    code, out, err = run({"own.py": source, "other.py": BASE}, ["own.py:own", *MOMENTUM])
    assert (code, err) == (0, "")
    assert "verdict: equal to rounding" in out or "verdict: identical" in out


def test_a_file_may_have_any_name(one_trial, run):
    code, out, _ = run({"a folder/C:/own.txt": OWN}, ["a folder/C:/own.txt:own", *MOMENTUM])
    assert (code, "verdict: equal to rounding" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("v, lr, mu", "mu: missing; a.py:own needs lr, mu; torch calls it momentum"),
        ("v, lr, beta", "needs lr, beta; torch calls it momentum"),
        (
            "m, v, t, lr, beta1, beta2",
            "beta1: missing; the rule needs lr, beta1, beta2; torch has it in betas",
        ),
        ("m, v, t, lr, weight_decay", "weight_decay: missing; the rule needs lr, weight_decay"),
    ],
)
def test_what_is_missing_has_the_name_that_is_to_be_set(arguments, said, run):
    rule = f"def own(params, grads, {arguments}):\n    for p, g in zip(params, grads):\n"
    files = {"a.py": rule + "        p.sub_(lr * g)\n"}
    code, out, error = run(files, ["a.py:own", "--against", "torch.optim.SGD", "--set", "lr=0.01"])
    assert code in (1, 2) and said in out + error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "torch.optim.SGD", "eps=2"], "arguments: eps=2; did you mean --set eps=2?"),
        (
            ["--against", "torch.optim.SGD", "--lr", "1"],
            "did you mean --set lr=1? each has a --set",
        ),
        (["--against", "torch.optim.SGD", "--lr=1"], "did you mean --set lr=1? each has a --set"),
        (
            ["--agianst", "torch.optim.SGD"],
            "required: --against; --agianst: did you mean --against?",
        ),
    ],
)
def test_a_misspelt_option_is_told(arguments, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["check", "scratch.sgd", *arguments])
    assert said in capsys.readouterr().err


def test_without_a_command_all_are_listed(capsys):
    assert main([]) == 2
    said = capsys.readouterr().err
    assert all(f"\n    {command}" in said for command in ("check", "draw", "grade", "translate"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scratch.sgd", "--against", "SGD"], "SGD is unknown; did you mean torch.optim.SGD?"),
        (["scratch.sgd", "--against", "torch.optim.SDG"], "did you mean torch.optim.SGD?"),
        (["scratch.sgdd", "--against", "torch.optim.SGD"], "did you mean scratch.sgd?"),
        (["a.py:own", "--against", "torch.optim.SGD", "--set", "lr=1"],
         "beta: missing; a.py:own needs lr, beta; torch calls it momentum\n"),
        (["a.py:own", "--against", "torch.optim.SGD", "--set", "lr=1", "--set-rule", "momentun=1"],
         "it takes lr, beta; did you mean momentum?\n"),
    ],
)  # fmt: skip
def test_a_misspelt_name_is_told(arguments, said, run):
    rule = "def own(weights, grads, v, lr, beta):\n    weights[0].sub_(lr * grads[0])\n"
    code, _, error = run({"a.py": rule}, arguments)
    assert code == 2 and said in error


def test_a_closure_is_refused_before_anything_runs(run):
    files = {"own.py": CLASS + INIT + "    def step(self, closure): pass\n"}
    code, _, error = run(files, ["own.py:own", *MOMENTUM])
    assert code == 2 and error.startswith("descent: own cannot be used: its step needs closure")
