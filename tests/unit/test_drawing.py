"""`descent draw` and `descent.draw`: what they say, write and refuse."""

import pytest
import torch

import descent
from descent.cli import main
from descent.errors import DescentError
from forms_pure import update_layers

RULES = """
import torch

def adam(params, grads, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    for i, (p, g) in enumerate(zip(params, grads)):
        m, v = state.setdefault(i, [torch.zeros_like(p), torch.zeros_like(p)])
        m.mul_(beta1).add_((1 - beta1) * g)
        v.mul_(beta2).add_((1 - beta2) * g * g)
        p.sub_(lr * m / (v.sqrt() + eps))

def broken(params, grads, state, lr):
    params[0].sub_(lr * grad[0])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_rules.py").write_text(RULES)
    return tmp_path


def test_a_wrong_rule_is_drawn_with_its_verdict(folder, capsys):
    arguments = ["draw", "my_rules.py:adam", "--against", "torch.optim.Adam", "--set", "lr=0.02"]
    arguments += ["--on", "quadratic", "--on", "beale", "--iterations", "30", "--out", "out"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert said.startswith("Not the same steps as torch.optim.Adam.\nhint: ")
    assert "hint: this looks like torch.optim.Adam with a mistake: neither the mean" in said
    assert (
        "quadratic: The step of iteration 1 is the first that differs here: that of "
        "my_rules.py:adam is 0.0894 long, that of torch.optim.Adam 0.0283, a ratio of 3.16." in said
    )
    names = [f"landscape_{f}_adam.{end}" for f in ("beale", "quadratic") for end in
             ("html", "png", "svg")]  # fmt: skip
    assert sorted(file.name for file in (folder / "out").iterdir()) == names
    assert all(f"wrote out/{name}\n" in said for name in names)
    page = (folder / "out/landscape_beale_adam.html").read_text()
    assert "Not the same steps as torch.optim.Adam." in page and "<b>Hint:</b>" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scratch.sgd", "--set", "lr=0.1", "--iterations", "20001"], "iterations: 20001: must be"),
        (["scratch.sgd", "--set", "momentum=0.1"], "momentum: scratch.sgd takes no momentum here"),
        (["scratch.sgd", "--set", "lr=0.1", "--start=nan,1"], "give two finite numbers"),
        (["nowhere.py:rule", "--set", "lr=0.1"], "nowhere.py: no such file"),
        (["scratch.sgd", "--set", "lr=0.1", "--set", "groups=[{parameters: [b0], lr: 1}]"],
         "groups: cannot be drawn"),
        (["scratch.sgd", "--set", "lr=0.1", "--out", "my_rules.py"], "my_rules.py: "),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_clear_line(arguments, said, folder, capsys):
    assert main(["draw", *arguments]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert said in line and line.startswith("descent: ")
    assert [file.name for file in folder.iterdir() if file.suffix] == ["my_rules.py"]


def test_an_error_in_the_rule_is_said_with_its_line(folder, capsys):
    assert main(["draw", "my_rules.py:broken", "--set", "lr=0.1"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("not drawn\n") and "my_rules.py, line 12: NameError" in said


def test_a_rule_of_any_form_goes_its_way():
    def plain(w, dw, learning_rate):
        w -= learning_rate * dw
        return w

    expected = descent.draw("scratch.sgd", lr=0.001, iterations=30).trajectories["rosenbrock"]
    for rule in (plain, update_layers, torch.optim.SGD):
        [found] = descent.draw(rule, lr=0.001, iterations=30).trajectories["rosenbrock"]
        for one, other in zip(found.points, expected[0].points, strict=True):
            assert one == pytest.approx(other, rel=1e-9)


def test_a_rule_alone_is_not_judged(folder, capsys):
    arguments = ["draw", "scratch.sgd", "--set", "lr=0.1", "--on", "saddle", "--iterations", "40"]
    assert main([*arguments, "--start=-1,0.001"]) == 0
    said, *written = capsys.readouterr().out.splitlines()
    assert said.startswith("saddle: scratch.sgd: ") and said.endswith("after 40 iterations.")
    assert (
        len(written) == 3
        and 'class="verdict'
        not in (folder / "landscapes/landscape_saddle_scratch_sgd.html").read_text()
    )


def test_a_check_that_fails_is_said_and_the_picture_drawn():
    drawing = descent.draw(
        "scratch.sgd", "torch.optim.SGD", on="saddle", iterations=3, start=(0.1, 0.1), lr=1e38
    )
    [(kind, text)] = drawing.told
    assert kind == "open" and text.startswith("descent check gives no verdict: ")
    assert drawing.trajectories["saddle"][0].end == ""


def test_a_rule_against_itself_has_two_names_and_the_same_steps():
    drawing = descent.draw("scratch.sgd", "scratch.sgd", iterations=5, lr=0.001)
    assert drawing.said() == [
        "The steps of scratch.sgd and scratch.sgd (reference) are the same here."
    ]
    assert drawing.told[0][0] == "same"
    assert "<iframe" in drawing._repr_html_() and "srcdoc=" in drawing._repr_html_()
    with pytest.raises(DescentError, match="beale: not drawn; this has rosenbrock"):
        drawing.figure("beale")
