import pytest

from descent.cli import main
from descent.counterparts.translation import translate
from descent.errors import SignatureError


@pytest.mark.slow
def test_a_decay_that_is_an_option_of_the_other():
    found = translate("scratch.adamw", "torch.optim.Adam", {"lr": 0.01, "weight_decay": 0.1})
    assert found and found.settings["decoupled_weight_decay"] is True
    assert found.call.startswith("torch.optim.Adam(params, ") and "weight_decay=0.1" in found.call


def test_the_same_names(capsys):
    arguments = ["scratch.sgd_momentum", "--to", "torch.optim.SGD", "--set", "lr=0.1"]
    assert main(["translate", *arguments, "--set", "momentum=0.5"]) == 0
    call, variant, _, confirmed, *_ = capsys.readouterr().out.splitlines()
    assert call == "torch.optim.SGD(params, lr=0.1, momentum=0.5)"
    assert variant.endswith('{"optimizer": "torch.optim.SGD", "lr": 0.1, "momentum": 0.5}')
    assert confirmed.startswith("torch.optim.SGD against scratch.sgd_mom")


def test_what_cannot_be_translated(capsys):
    arguments = ["scratch.adam", "--to", "scratch.sgd", "--set", "lr=0.1"]
    assert main(["translate", *arguments]) == 1
    first, closest, lost, *_ = capsys.readouterr().out.splitlines()
    assert first == "no settings of scratch.sgd were found that take these steps"
    assert closest == "the closest call is scratch.sgd(params, lr=0.1)"
    assert lost == "betas: scratch.sgd has nothing like it"


def test_a_rule_of_a_file_that_is_right_only_at_a_constant_rate(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        "def own(params, grads, v, learning_rate, mu):\n"
        "    for p, g, b in zip(params, grads, v):\n"
        "        b.mul_(mu).sub_(learning_rate * g)\n"
        "        p.add_(b)\n"
    )
    settings = ["--set", "learning_rate=0.1", "--set", "mu=0.9"]
    assert main(["translate", "own.py:own", "--to", "torch.optim.SGD", *settings]) == 3
    assert "torch.optim.SGD(params, lr=0.1, momentum=0.9)" in capsys.readouterr().out


def test_unknown_optimizers():
    with pytest.raises(SignatureError, match=r"torch\.optim\.Adma"):
        translate("scratch.adam", "torch.optim.Adma", {"lr": 0.1})
    with pytest.raises(SignatureError, match=r"momentum: scratch\.sgd takes no momentum"):
        translate("scratch.sgd", "torch.optim.SGD", {"lr": 0.1, "momentum": 0.9})
