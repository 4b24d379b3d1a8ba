"""Seeds, as a list or from one to another."""

import pytest

from configurations import configure, refusal


@pytest.mark.parametrize("ends", [{"from": 0, "to": 3}, {"from": "0", "to": "3"}])
def test_from_to_is_the_list(ends):
    assert configure(seeds=ends) == configure(seeds=[0, 1, 2, 3])
    tuned = configure(sweeps={"seeds": {"from": 100, "to": 101}})
    assert tuned == configure(sweeps={"seeds": [100, 101]})


@pytest.mark.parametrize(
    ("seeds", "line"),
    [
        ("0-9", "seeds: '0-9' is no list; write seeds: {from: 0, to: 9}"),
        ("range(10)", "seeds: 'range(10)' is no list; write seeds: {from: 0, to: 9}"),
        ("range(2, 5)", "seeds: 'range(2, 5)' is no list; write seeds: {from: 2, to: 4}"),
        ("0,1", "seeds: '0,1' is no list; write seeds: [0, 1]"),
        (7, "seeds: 7 is no list; write seeds: [7]"),
        ("all", "seeds: 'all' is no list; write seeds: {from: 0, to: 9} or [0, 1, 2]"),
        ({"from": 3}, "seeds.to: missing; this key is required"),
        ({"from": 0, "to": 8, "step": 2}, "seeds.step: unknown key; Allowed: from, to"),
        (
            {"from": 3, "to": 0},
            "seeds: there is no seed from 3 to 0; write the smaller number as from",
        ),
    ],
)
def test_other_forms_are_told_what_to_write(seeds, line):
    assert refusal({"seeds": seeds}) == line


def test_the_seeds_of_a_sweep_are_told_the_same():
    line = "sweeps.seeds: '100-120' is no list; write seeds: {from: 100, to: 120}"
    assert refusal({"sweeps": {"seeds": "100-120"}}) == line
