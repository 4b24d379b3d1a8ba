import pytest

from checking import MOMENTUM
from descent.cli import main
from descent.errors import UsageError
from descent.grading.isolation import check_isolated
from submitted import DONE


def test_an_included_rule_needs_no_process():
    with pytest.raises(UsageError, match=r"--isolate: scratch.sgd is in no file"):
        check_isolated("scratch.sgd", "torch.optim.SGD", {"lr": 0.1})


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("damped.py", 1, "verdict: different"),
        ("exits.py", 1, "verdict: error\n  exits.py: its process ended"),
        ("raises.py", 1, "verdict: error\n  raises.py, line 5: NameError"),
    ],
)
def test_the_command_checks_in_a_process(tmp_path, capsys, forked, name, code, said):
    file = tmp_path / name
    file.write_text(DONE[name][0])
    options = [*MOMENTUM, "--iterations", "60", "--isolate", "--unsandboxed"]
    assert main(["check", f"{file}:momentum", *options]) == code
    assert said in capsys.readouterr().out
