"""What the jobs ask a scheduler for."""

import re


def requests(checkout):
    """Map each rule that would run to its memory in MB and its time in minutes."""
    found = {}
    for job in checkout.run("-n").split("\n[")[1:]:
        asked = re.search(r"resources: (.*)", job)[1]
        found[re.search(r"rule (\w+):", job)[1]] = [
            int(number)
            for name in ("mem_mb", "runtime")
            for number in re.findall(rf"\b{name}=(\d+)", asked)
        ]
    del found["all"]
    return found


def test_every_job_asks_for_memory_and_time_and_training_by_its_seeds(checkout):
    checkout.configure(seeds_per_job=1)
    few = requests(checkout)
    assert "curves" in few and {len(asked) for asked in few.values()} == {2}
    checkout.configure(seeds_per_job=3)
    many = requests(checkout)
    assert many["curves"] == few["curves"]
    pairs = zip(few["train_ours_0"], many["train_ours_0"], strict=True)
    assert all(less < more for less, more in pairs)
