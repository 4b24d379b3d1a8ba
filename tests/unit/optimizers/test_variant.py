"""A variant with schedule, clipping and groups trains as a loop written with torch's own tools."""

import pytest
import torch

from descent import model
from descent.errors import RuleError
from descent.optimizers import variant
from descent.optimizers.clipping import KINDS
from descent.optimizers.schedules import options
from descent.optimizers.step import Step
from descent.optimizers.variant import Regulated, make_variant_step

SIZES, SEEDS, PER_EPOCH, ITERATIONS = [6, 5, 4], 3, 4, 30

COSINE = {"name": "CosineAnnealingLR", "T_max": 5}
WARM_UP = [
    {"name": "LinearLR", "start_factor": 0.1, "total_iters": 8, "per": "iteration", "epochs": 2},
    {**COSINE, "T_max": 22, "eta_min": 0.001, "per": "iteration"},
]
BIASES = [{"parameters": ["b*"], "weight_decay": 0, "lr": 0.02}]
PARTS = {
    "lr_scheduler": WARM_UP,
    "gradient_clipping": {"norm": 2.0},
    "groups": BIASES,
}
REGIMES = [
    {"lr_scheduler": COSINE},
    {"lr_scheduler": WARM_UP},
    {"gradient_clipping": {"norm": 2.0}},
    {"gradient_clipping": {"value": 0.5}},
    {"groups": BIASES},
    {"groups": [{"parameters": ["W1"], "lr": 0.03}, *BIASES], "lr_scheduler": COSINE},
    PARTS,
]

#: Hand-written rules and classes with their hyperparameters, and the class of the loop of torch.
PAIRS = [
    ("scratch.dampened_momentum", "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
    ("torch.optim.SGD", "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
    ("scratch.adamw", "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    ("torch.optim.AdamW", "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    ("torch.optim.Adafactor", "Adafactor", {"lr": 0.01, "weight_decay": 0.1}),  # not elementwise
]


def initial(dtype=torch.float64, seeds=range(SEEDS)):
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    return [p.detach().to(dtype) for p in model.initialize(SIZES, generators)]


def draw(dtype=torch.float64):
    """Gradients of all iterations, whose norms differ between the seeds."""
    random = torch.Generator().manual_seed(7)
    scales = 0.1, 1, 10
    return [
        [
            torch.stack(
                [
                    scale * torch.randn(own.shape, generator=random, dtype=dtype)
                    for scale, own in zip(scales, p, strict=True)
                ]
            )
            for p in initial(dtype)
        ]
        for _ in range(ITERATIONS)
    ]


def trained(settings, gradients, parameters):
    step = make_variant_step(settings, parameters, PER_EPOCH)
    for given in gradients:
        step([gradient.clone() for gradient in given])
    return parameters


def in_torch(name, hyperparameters, regime, seed):
    """Train the network of one seed as anybody would; return its parameters."""
    own = [p.requires_grad_() for p in model.unstack(initial())[seed]]
    named = dict(zip(model.names(own), own, strict=True))
    groups = []
    for group in regime.get("groups", []):
        names = {"W1": ["W1"], "b*": ["b0", "b1"]}[group["parameters"][0]]
        groups.append({**group, "params": [named.pop(name) for name in names]})
    groups.append({"params": list(named.values())})
    optimizer = getattr(torch.optim, name)(groups, **hyperparameters)
    scheduler = regime.get("lr_scheduler")
    classes = vars(torch.optim.lr_scheduler)
    if scheduler is COSINE:
        schedule = classes["CosineAnnealingLR"](optimizer, **options(COSINE))
    elif scheduler is WARM_UP:
        both = [classes[part["name"]](optimizer, **options(part)) for part in WARM_UP]
        schedule = classes["SequentialLR"](optimizer, both, [2 * PER_EPOCH])
    for iteration, given in enumerate(draw(), 1):
        for parameter, gradient in zip(own, model.unstack(given)[seed], strict=True):
            parameter.grad = gradient.clone()
        limits = regime.get("gradient_clipping", {})
        if "norm" in limits:
            torch.nn.utils.clip_grad_norm_(own, limits["norm"])
        if "value" in limits:
            torch.nn.utils.clip_grad_value_(own, limits["value"])
        optimizer.step()
        if scheduler is WARM_UP or (scheduler and iteration % PER_EPOCH == 0):
            schedule.step()
    return [parameter.detach() for parameter in own]


def agrees(settings, name, hyperparameters, regime):
    parameters = trained(settings, draw(), initial())
    return all(
        torch.allclose(mine, theirs, rtol=1e-11, atol=1e-12)
        for seed, network in enumerate(model.unstack(parameters))
        for mine, theirs in zip(network, in_torch(name, hyperparameters, regime, seed), strict=True)
    )


@pytest.mark.filterwarnings("ignore")  # torch's SequentialLR calls itself in a deprecated way
@pytest.mark.parametrize("regime", REGIMES, ids=str)
@pytest.mark.parametrize(("optimizer", "name", "hyperparameters"), PAIRS)
def test_a_variant_trains_as_torchs_own_tools_do(optimizer, name, hyperparameters, regime):
    settings = {"optimizer": optimizer, **hyperparameters, **regime}
    assert agrees(settings, name, hyperparameters, regime)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("regime", REGIMES, ids=str)
def test_a_rule_of_the_users_own_in_another_form_does_too(regime, tmp_path):
    (tmp_path / "momentum.py").write_text(
        "def step(param_dict, velocity_dict, alpha, mu):\n"
        "    for name, parameter in param_dict.items():\n"
        "        velocity_dict[name] = mu * velocity_dict[name] + parameter.grad\n"
        "        parameter.data -= alpha * velocity_dict[name]\n"
    )
    hyperparameters = {"lr": 0.1, "momentum": 0.9}
    if "groups" in regime:
        regime = regime | {"groups": [{"parameters": ["b*"], "lr": 0.02, "momentum": 0.5}]}
    settings = {"optimizer": f"{tmp_path / 'momentum.py'}:step", **hyperparameters, **regime}
    assert agrees(settings, "SGD", hyperparameters, regime)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("left_out", PARTS)
def test_every_part_counts(left_out):
    optimizer, name, hyperparameters = PAIRS[0]
    settings = {"optimizer": optimizer, **hyperparameters, **PARTS}
    del settings[left_out]
    assert not agrees(settings, name, hyperparameters, PARTS)


class OneLate(Regulated):
    def _set_iteration(self, iteration):
        super()._set_iteration(max(0, iteration - 1))
        self._iteration = iteration


class ClipsAfterwards(Regulated):
    def __call__(self, gradients, **changed):
        clipping, self._clipping = self._clipping, {}
        super().__call__(gradients, **changed)
        self._clipping = clipping
        for kind, limit in clipping.items():
            KINDS[kind](gradients, limit)


class FromTheLastRate(Regulated):
    def _set_iteration(self, iteration):
        super()._set_iteration(iteration)
        self._configured = [group["lr"] for group in self._step.hyperparameters()]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wrong", [OneLate, ClipsAfterwards, FromTheLastRate])
def test_a_mistake_is_found(wrong, monkeypatch):
    optimizer, name, hyperparameters = PAIRS[0]
    monkeypatch.setattr(variant, "Regulated", wrong)
    settings = {"optimizer": optimizer, **hyperparameters, **PARTS}
    assert not agrees(settings, name, hyperparameters, PARTS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("regime", REGIMES, ids=str)
@pytest.mark.parametrize(("optimizer", "_", "hyperparameters"), PAIRS)
def test_a_seed_has_the_same_bits_alone_and_in_a_stack(
    optimizer, _, hyperparameters, regime, dtype
):
    settings = {"optimizer": optimizer, **hyperparameters, **regime}
    together = trained(settings, draw(dtype), initial(dtype))
    for seed in range(SEEDS):
        own = [[gradient[seed, None] for gradient in given] for given in draw(dtype)]
        alone = trained(settings, own, initial(dtype, [seed]))
        assert all(
            torch.equal(one[0], all_[seed]) for one, all_ in zip(alone, together, strict=True)
        )


def test_without_these_keys_nothing_stands_between_training_and_the_step():
    settings = {"optimizer": "torch.optim.SGD", "lr": 0.1}
    assert type(make_variant_step(settings, initial(), PER_EPOCH)) is Step
    groups = make_variant_step(settings | {"groups": BIASES}, initial(), PER_EPOCH)
    assert type(groups) is Step


def test_hyperparameters_are_those_of_the_next_step():
    """A disturbed run changes them in between, see `descent.parity.replay.Network`."""
    halving = {"name": "ExponentialLR", "gamma": 0.5, "per": "iteration"}
    settings = {"optimizer": "scratch.sgd", "lr": 8.0, "lr_scheduler": halving}
    parameters = [torch.zeros(1, 1, 1), torch.zeros(1, 1, 1)]
    step = make_variant_step(settings, parameters, PER_EPOCH)
    rates = []
    for _ in range(3):
        [own] = step.hyperparameters()
        rates.append(own["lr"])
        own["lr"] = 1.0  # as disturbed: it holds in this step, and only there
        step([torch.ones(1, 1, 1), torch.ones(1, 1, 1)])
    assert rates == [8, 4, 2] and parameters[0].item() == -3


@pytest.mark.parametrize("optimizer", ["scratch.adamw", "torch.optim.AdamW"])
def test_a_state_goes_on_where_it_was(optimizer):
    settings = {"optimizer": optimizer, "lr": 0.01, **PARTS}
    whole, gradients = trained(settings, draw(), initial()), draw()
    half, parameters = ITERATIONS // 2, initial()
    step = make_variant_step(settings, parameters, PER_EPOCH)
    for given in gradients[:half]:
        step(given)
    resumed = make_variant_step(settings, parameters, PER_EPOCH)
    resumed.load_state(step.state())
    for given in gradients[half:]:
        resumed(given)
    assert all(map(torch.equal, parameters, whole))


def test_a_class_without_lr_in_its_groups_has_no_schedule(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import torch\n"
        "class Mine(torch.optim.Optimizer):\n"
        "    def __init__(self, params, lr):\n"
        "        super().__init__(params, {})\n"
        "        self.rate = lr\n"
        "    @torch.no_grad()\n"
        "    def step(self, closure=None):\n"
        "        for p in self.param_groups[0]['params']:\n"
        "            p.sub_(self.rate * p.grad)\n"
    )
    settings = {"optimizer": f"{file}:Mine", "lr": 0.1}
    make_variant_step(settings, initial(), PER_EPOCH)
    with pytest.raises(RuleError, match=r"mine\.py:Mine: lr_scheduler needs an lr in the param_gr"):
        make_variant_step(settings | {"lr_scheduler": COSINE}, initial(), PER_EPOCH)
