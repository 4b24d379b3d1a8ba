"""Holding training loops against a reference: what is found, what is noticed, what is refused."""

import re
import weakref

import pytest
import torch
import torch.nn.functional as F

import descent
from configurations import PROJECT
from descent.errors import DescentError, DifferentStepError, UsageError

SGD = {"lr": 0.01, "momentum": 0.9}


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors are faster with one, most of all beside other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_parameters(dtype=torch.float32):
    """A small network, like the lab's: tensors by name."""
    random = torch.Generator().manual_seed(0)
    shapes = {"W0": (10, 20), "b0": (10,), "W1": (4, 10), "b1": (4,)}
    return {
        name: (torch.randn(shape, generator=random) / 3).to(dtype).requires_grad_()
        for name, shape in shapes.items()
    }


def loss(parameters, step):
    random = torch.Generator().manual_seed(step % 8)
    images = torch.randn(32, 20, generator=random).to(parameters["W0"].dtype)
    labels = torch.randint(4, (32,), generator=random)
    hidden = torch.relu(images @ parameters["W0"].T + parameters["b0"])
    return F.cross_entropy(hidden @ parameters["W1"].T + parameters["b1"], labels)


def clear(parameters):
    for parameter in parameters.values():
        parameter.grad = None


class Momentum:
    """The lab's update, with something to go wrong from some step on."""

    def __init__(self, wrong=0.9, begins=None):
        self.wrong, self.begins, self.velocities, self.step = wrong, begins, {}, 0

    def __call__(self, parameters):
        self.step += 1
        momentum = self.wrong if self.begins and self.step >= self.begins else 0.9
        for name, parameter in parameters.items():
            velocity = self.velocities.setdefault(name, torch.zeros_like(parameter))
            velocity.mul_(momentum).add_(parameter.grad)
            parameter -= 0.01 * velocity


def train(update, steps=20, against=torch.optim.SGD, *, parameters=None, cleared=clear, **options):
    parameters = parameters or make_parameters()
    shadow = descent.shadow(parameters, against, **(options or SGD))
    for step in range(steps):
        loss(parameters, step).backward()
        with shadow, torch.no_grad():
            update(parameters)
        cleared(parameters)
    return shadow.report()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("follow", ["reference", "user"])
@pytest.mark.parametrize("every", [1, 7])
def test_the_labs_loop_passes(dtype, follow, every):
    report = train(Momentum(), parameters=make_parameters(dtype), follow=follow, every=every, **SGD)
    assert report and report.passed and report.verdict in ("equal to rounding", "identical")
    assert (report.steps, report.compared) == (20, 20 if every == 1 else 3)
    assert report.first_difference is None and report.remarks == []
    assert 0 <= report.largest["share"] < 1


@pytest.mark.parametrize("mistake", [0.0, 1e-5])
def test_torchs_own_scalars_in_float32_are_no_difference_in_float64(mistake):
    """ASGD keeps its learning rate as a tensor of the default dtype."""

    def asgd(parameters):  # without its average, and with a learning rate that does not fall
        for parameter in parameters.values():
            parameter -= (0.1 + mistake) * parameter.grad

    options = {"lr": 0.1, "lambd": 0.0, "every": 1}
    parameters = make_parameters(torch.float64)
    report = train(asgd, 5, torch.optim.ASGD, parameters=parameters, **options)
    assert report.passed is (mistake == 0)


@pytest.mark.parametrize("against", ["scratch.sgd_momentum", "torch.optim.SGD"])
def test_a_reference_by_name(against):
    assert train(Momentum(), against=against).passed
    assert not train(Momentum(0.5, 2), against=against).passed


def test_a_function_is_a_reference():
    def rule(parameters, gradients, state, *, lr, momentum=0.0):
        velocities = state.setdefault("v", [torch.zeros_like(p) for p in parameters])
        for p, g, v in zip(parameters, gradients, velocities, strict=True):
            v.mul_(momentum).add_(g)
            p.sub_(v, alpha=lr)
            g.zero_()  # the gradients are its own

    report = train(Momentum(), against=rule)
    assert report.passed and report.against == "rule"


def test_missing_momentum_is_found_in_the_second_step():
    report = train(Momentum(0.0, 1))
    found = report.first_difference
    assert not report and report.verdict == "different"
    assert (found["step"], found["since"]) == (2, 2)
    assert found["yours"] != 0 and found["ratio"] == found["yours"] / found["reference"]
    assert found["share"] > 1000
    text = str(report)
    assert "20 steps\nverdict: different\n  step 2, " in text
    assert ": yours " in text and ", reference " in text and ", ratio " in text
    assert "; the first step is right\n" in text


def test_the_numbers_are_those_of_the_step():
    w = torch.ones(2, 3, requires_grad=True)
    shadow = descent.shadow({"w": w}, torch.optim.SGD, lr=0.5)
    (w * torch.arange(6.0).view(2, 3)).sum().backward()
    with shadow, torch.no_grad():
        w -= 0.25 * w.grad
    found = shadow.report().first_difference
    assert (found["tensor"], found["index"]) == ("w", (1, 2))
    assert (found["yours"], found["reference"], found["ratio"]) == (-1.25, -2.5, 0.5)
    said = "step 1, w[1, 2]: yours -1.25, reference -2.5, ratio 0.5; that is the first comparison"
    assert said in str(shadow.report())


@pytest.mark.parametrize("follow", ["reference", "user"])
def test_momentum_that_goes_wrong_at_step_300(follow):
    report = train(Momentum(0.5, 300), steps=302, follow=follow, **SGD)
    assert report.first_difference["step"] == 300
    assert "; the first 299 steps are right" in str(report)


def test_every_tenth_step():
    report = train(Momentum(0.5, 18), steps=31, every=10, **SGD)
    assert "  steps 12 to 21, " in str(report) and "; 2 comparisons before agree" in str(report)
    assert "31 steps, 4 of them compared" in str(report)
    report = train(Momentum(0.5, 18), steps=31, every=10, follow="user", **SGD)
    assert "  step 21, " in str(report)


def test_a_step_is_judged_alone_if_the_reference_follows_the_user():
    """One wrong step; from then on, both go the same way again."""
    parameters, largest = make_parameters(), []
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.01, follow="user", every=1)
    for step in range(6):
        loss(parameters, step).backward()
        with shadow, torch.no_grad():
            for parameter in parameters.values():
                parameter -= (0.02 if step == 2 else 0.01) * parameter.grad
        clear(parameters)
        largest.append(shadow.report().largest["step"])
    assert shadow.report().first_difference["step"] == 3
    assert largest[-1] == 3
    assert shadow.report().first_difference["ratio"] == pytest.approx(2, rel=1e-3)


def test_scalars_in_float32_are_the_same_rule_computed_less_accurately():
    state = {}

    def adam(parameters):
        state["t"] = state.get("t", torch.tensor(0.0)) + 1
        for name, p in parameters.items():
            m, v = state.setdefault(name, (torch.zeros_like(p), torch.zeros_like(p)))
            m.mul_(0.9).add_(p.grad, alpha=0.1)
            v.mul_(0.99999).addcmul_(p.grad, p.grad, value=0.00001)
            unbiased = [m / (1 - 0.9 ** state["t"]), v / (1 - 0.99999 ** state["t"])]
            p -= 0.01 * unbiased[0] / (unbiased[1].sqrt() + 1e-8)

    report = train(adam, against=torch.optim.Adam, lr=0.01, betas=(0.9, 0.99999))
    assert report.passed and "computed less accurately in float32" in report.verdict
    assert "\n  a run in float64, with torch.set_default_dtype(torch.float64), tells" in str(report)


def test_strict_raises_at_once():
    update = Momentum(0.0, 1)
    said = r"^step 2, .*: yours .*, ratio .*; the first step is right \(against torch.optim.SGD\)$"
    with pytest.raises(DifferentStepError, match=said):
        train(update, strict=True, **SGD)
    assert update.step == 2


def test_a_model_with_convolution_and_batch_norm():
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(144, 3),
    ).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    shadow = descent.shadow(model, "scratch.adam", lr=0.01)
    for _ in range(10):
        F.cross_entropy(model(torch.randn(8, 1, 8, 8)), torch.randint(3, (8,))).backward()
        with shadow:
            optimizer.step()
        optimizer.zero_grad()
    assert shadow.report().passed and not shadow.report().remarks


@pytest.mark.parametrize("how", ["optimizer", "function", "constant"])
def test_a_learning_rate_that_follows_a_schedule(how):
    parameters = make_parameters()
    optimizer = torch.optim.SGD(parameters.values(), **SGD)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    rates = [0.01]
    lr = {"optimizer": optimizer, "function": lambda step: rates[step], "constant": 0.01}[how]
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=lr, momentum=0.9)
    for step in range(15):
        loss(parameters, step).backward()
        with shadow:
            optimizer.step()
            schedule.step()  # too late for this step
        optimizer.zero_grad()
        rates.append(schedule.get_last_lr()[0])
    found = shadow.report().first_difference
    assert found is None if how != "constant" else found["step"] == 2


# What is noticed


def nothing(parameters):
    pass


def test_gradients_that_are_not_cleared():
    [remark] = train(Momentum(), cleared=nothing).remarks
    assert "were not cleared before the backward() of step 2: they are sums" in remark
    assert remark.endswith("(and in 18 more)")
    assert train(Momentum(0.0, 1), cleared=nothing).remarks  # also if the update is wrong


def test_one_gradient_that_is_not_cleared():
    def all_but_one(parameters):
        for name in ("W0", "b0", "W1"):
            parameters[name].grad.zero_()

    [remark] = train(Momentum(), cleared=all_but_one).remarks
    assert "the gradients of b1 were not cleared before" in remark


def zero(parameters):
    for parameter in parameters.values():
        parameter.grad.zero_()


def zero_data(parameters):
    for parameter in parameters.values():
        parameter.grad.data.zero_()


@pytest.mark.parametrize("how", [zero, zero_data])
def test_gradients_that_are_cleared_in_place(how):
    assert train(Momentum(), cleared=how).remarks == []


def test_accumulating_gradients_on_purpose_is_no_remark():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, **SGD)
    update = Momentum()
    for step in range(4):
        for part in range(3):
            loss(parameters, 3 * step + part).backward()
        with shadow, torch.no_grad():
            update(parameters)
        zero(parameters)
    assert shadow.report().passed and not shadow.report().remarks


def test_a_step_without_a_backward():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.01)
    loss(parameters, 0).backward()
    for _ in range(3):
        with shadow, torch.no_grad():
            for parameter in parameters.values():
                parameter -= 0.01 * parameter.grad
    [remark] = shadow.report().remarks
    assert "are the same in step 2 as in the step before: there was no backward()" in remark


def test_gradients_that_are_set_by_hand():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.01)
    for step in range(3):
        found = torch.autograd.grad(loss(parameters, step), list(parameters.values()))
        for parameter, gradient in zip(parameters.values(), found, strict=True):
            parameter.grad = gradient
        with shadow, torch.no_grad():
            for parameter in parameters.values():
                parameter -= 0.01 * parameter.grad
    assert shadow.report().passed and not shadow.report().remarks


def test_gradients_that_change_within_the_step():
    def clipped(parameters):
        torch.nn.utils.clip_grad_norm_(parameters.values(), 1e-3)
        for parameter in parameters.values():
            parameter -= 0.01 * parameter.grad

    report = train(clipped, lr=0.01)
    assert not report
    assert "were changed within step 1; the reference took them as they were" in report.remarks[0]


def test_tensors_that_are_replaced_by_name():
    """`w = w - lr * g` makes a new tensor; the values are compared all the same."""
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.01)
    for step in range(4):
        loss(parameters, step).backward()
        with shadow, torch.no_grad():
            for name, parameter in parameters.items():
                new = parameter - 0.01 * parameter.grad
                parameters[name] = new.requires_grad_()
    report = shadow.report()
    assert report.passed
    said = "not updated in place: W0, b0 and 2 more; new tensors took their place in step 1"
    assert report.remarks == [f"{said} (and in 3 more)"]


def test_tensors_that_are_replaced_and_never_tracked_again():
    parameters = list(make_parameters().values())
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.01)
    loss(dict(zip(("W0", "b0", "W1", "b1"), parameters, strict=True)), 0).backward()
    with shadow, torch.no_grad():
        for i, parameter in enumerate(parameters):
            parameters[i] = parameter - 0.01 * parameter.grad
    [remark] = shadow.report().remarks
    assert "parameters[0], parameters[1] and 2 more; new tensors, which require no" in remark
    with pytest.raises(UsageError, match="none has a gradient when step 2 begins"), shadow:
        pass


def test_a_tensor_that_the_update_makes_of_the_old_one():
    """Without no_grad, the new tensor is not a leaf, and has no gradient of its own."""
    parameters = {"w": torch.ones(2, requires_grad=True)}
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.1)
    parameters["w"].sum().backward()
    with shadow:
        parameters["w"] = parameters["w"] - 0.1 * parameters["w"].grad
    assert shadow.report().passed
    with pytest.raises(UsageError, match="none has a gradient"), shadow:
        pass


def test_what_happens_between_steps_is_not_the_updates():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, **SGD)
    update = Momentum()
    for step in range(6):
        loss(parameters, step).backward()
        with shadow, torch.no_grad():
            update(parameters)
            clear(parameters)
        with torch.no_grad():
            parameters["b0"].clamp_(-0.1, 0.1)
    report = shadow.report()
    assert report.passed
    assert report.remarks[0].startswith("changed before step 2, but not by a step: b0; the ref")


def test_a_run_that_diverges_on_both_sides_ends_the_comparison():
    w = torch.ones(2, requires_grad=True)
    shadow = descent.shadow({"w": w}, torch.optim.SGD, lr=1e20)
    for _ in range(6):
        (w**2).sum().backward()
        with shadow, torch.no_grad():
            w -= 1e20 * w.grad
            w.grad = None
    report = shadow.report()
    assert report.passed and report.steps == 6 and report.compared < 3
    assert "no longer finite after step" in report.remarks[0]


@pytest.mark.parametrize("mine", [float("nan"), 0.0])
def test_a_number_that_is_not_finite_on_one_side_is_a_difference(mine):
    w = torch.ones(2, requires_grad=True)
    shadow = descent.shadow({"w": w}, torch.optim.SGD, lr=1.0)
    w.grad = torch.tensor([1.0, 1.0 if mine else torch.inf])
    with shadow, torch.no_grad():
        w[1] = mine
        w[0] = 0
    found = shadow.report().first_difference
    assert found["index"] == (1,) and found["share"] == torch.inf


def test_a_block_that_fails_is_no_step():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, **SGD)
    loss(parameters, 0).backward()
    with pytest.raises(KeyError), shadow:
        raise KeyError
    assert shadow.report().steps == 0 and shadow.report().verdict == "nothing compared"
    assert not shadow.report()


def test_a_scalar_and_mixed_dtypes():
    parameters = {
        "a": torch.tensor(1.0, requires_grad=True),
        "b": torch.ones(3, dtype=torch.float64, requires_grad=True),
        "c": torch.ones(3, dtype=torch.bfloat16, requires_grad=True),
        "nothing": torch.ones(0, 3, requires_grad=True),
    }
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.1)
    for step in range(4):
        sum((parameter**2).sum() for parameter in parameters.values()).backward()
        with shadow, torch.no_grad():
            for name, parameter in parameters.items():
                parameter -= (0.1 if name != "a" or step < 3 else 0.2) * parameter.grad
        clear(parameters)
    found = shadow.report().first_difference
    assert (found["step"], found["tensor"], found["index"]) == (4, "a", ())


def test_a_parameter_without_a_gradient_stays():
    parameters = make_parameters() | {"frozen": torch.ones(2)}
    shadow = descent.shadow(parameters, "scratch.sgd", lr=0.1)
    for step in range(3):
        loss(parameters, step).backward()
        with shadow, torch.no_grad():
            for parameter in list(parameters.values())[:4]:
                parameter -= 0.1 * parameter.grad
        clear(parameters)
    assert shadow.report().passed


def test_the_page_shows_what_its_loop_prints(capsys):
    page = (PROJECT / "docs" / "shadow.md").read_text()
    code, output = re.findall(r"```(?:python|text)\n(.*?)```", page, re.DOTALL)[:2]
    exec(code, {})
    shown, printed = (
        re.sub(r"[\d.e+-]+ x", "#", text) for text in (output, capsys.readouterr().out)
    )
    assert printed == shown


# What is refused


def test_a_list_that_changes():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.1)
    loss(parameters, 0).backward()
    parameters["W2"] = torch.ones(2, requires_grad=True)
    with (
        pytest.raises(UsageError, match="parameters: W2 came after step 0; begin a new shadow"),
        shadow,
    ):
        pass
    del parameters["W2"], parameters["b1"]
    with pytest.raises(UsageError, match="b1 went"), shadow:
        pass
    parameters["b1"] = torch.ones(5, requires_grad=True)
    with pytest.raises(UsageError, match=r"b1 changed from .*\[4\]\) to .*\[5\]\)"), shadow:
        pass


def test_no_gradients():
    shadow = descent.shadow(make_parameters(), torch.optim.SGD, lr=0.1)
    with pytest.raises(UsageError, match="none has a gradient when step 1 begins; call"), shadow:
        pass


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (({},), {}, "there are none"),
        (({"a": 1.0},), {}, "a is a float, not a tensor"),
        (({"a": torch.ones(2, dtype=torch.int64)},), {}, "a has dtype torch.int64"),
        ((torch.ones(2),), {}, "a model, a dict or list of tensors, or an optimizer, not a Tensor"),
        (([torch.ones(2)], None), {}, "against: missing"),
        (([torch.ones(2)], "torch.optim.SDG"), {}, r"torch.optim.SDG is unknown"),
        (([torch.ones(2)], torch.nn.ReLU), {}, "ReLU: the class ReLU has no method step"),
        (([torch.ones(2)], 3), {}, "3 is no optimizer"),
        (([torch.ones(2)], torch.optim.SGD), {"momentun": 0.9}, "momentun: SGD takes no momentun"),
        (([torch.ones(2)], torch.optim.SGD), {"lr": -1.0}, "Invalid learning rate"),
        (([torch.ones(2)], torch.optim.SGD), {"lr": "fast"}, "lr: a number, a function of the"),
        (([torch.ones(2)], torch.optim.SGD), {"follow": "me"}, 'follow: "reference" or "user"'),
        (([torch.ones(2)], torch.optim.SGD), {"every": 0}, "every: a whole number from 1 on"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(arguments, options, said):
    arguments = (*arguments, torch.optim.SGD)[: max(2, len(arguments))]
    with pytest.raises(DescentError, match=said) as caught:
        descent.shadow(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_a_tensor_under_two_names():
    w = torch.ones(2, requires_grad=True)
    with pytest.raises(UsageError, match="a and b are the same tensor"):
        descent.shadow({"a": w, "b": w}, torch.optim.SGD, lr=0.1)


def test_a_reference_that_cannot_step():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.LBFGS, lr=0.1)
    loss(parameters, 0).backward()
    with pytest.raises(DescentError, match=r"LBFGS.*closure"), shadow:
        pass


# Optimizers


def loop(optimizer, parameters, steps=10, scaler=None):
    for step in range(steps):
        value = loss(parameters, step)
        if scaler:
            scaler.scale(100 * value).backward()
            scaler.step(optimizer)
            scaler.update()
        else:
            value.backward()
            optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("form", ["fused", "foreach"])
@pytest.mark.parametrize("kind", ["Adam", "AdamW", "SGD"])
def test_a_fast_form_against_the_plain_one(form, kind):
    parameters = make_parameters()
    optimizer = getattr(torch.optim, kind)(parameters.values(), lr=0.01, **{form: True})
    shadow = descent.shadow(optimizer)
    loop(optimizer, parameters)
    report = shadow.report()
    assert report.passed and report.steps == 10 and report.against == f"torch.optim.{kind}"


class Forgetful(torch.optim.SGD):
    @torch.no_grad()
    def step(self, closure=None):
        for state in self.state.values():
            state["momentum_buffer"].mul_(0.5)
        super().step()


def test_a_wrong_subclass():
    parameters = make_parameters()
    optimizer = Forgetful(parameters.values(), **SGD)
    shadow = descent.shadow(optimizer, against=torch.optim.SGD)
    loop(optimizer, parameters)
    found = shadow.report().first_difference
    assert found["step"] == 2 and found["tensor"].startswith("params[")


def test_groups_have_their_own_hyperparameters():
    parameters = make_parameters()
    first, second = list(parameters.values())[:2], list(parameters.values())[2:]
    groups = [{"params": first, "lr": 0.1}, {"params": second, "weight_decay": 0.1}]
    optimizer = torch.optim.SGD(groups, **SGD)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.1)
    same = descent.shadow(optimizer)
    hand_written = descent.shadow(optimizer, "scratch.sgd_momentum")  # has no weight decay
    for step in range(8):
        loss(parameters, step).backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    assert same.report().passed
    assert hand_written.report().first_difference["tensor"].startswith("param_groups[1]")


def test_sparse_gradients():
    embedding = torch.nn.Embedding(5, 3, sparse=True)
    optimizer = torch.optim.SGD(embedding.parameters(), lr=0.1)
    shadow = descent.shadow(optimizer)
    for _ in range(3):
        embedding(torch.tensor([1, 2])).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert shadow.report().passed


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("wrong", [False, True])
def test_on_a_gpu(wrong):
    """Fused, capturable, with autocast and GradScaler; the twins run on the CPU."""
    model = torch.nn.Sequential(torch.nn.Linear(20, 30), torch.nn.GELU(), torch.nn.Linear(30, 4))
    model.cuda()
    rule = {"lr": 0.01, "betas": (0.9, 0.9999)}
    optimizer = torch.optim.AdamW(model.parameters(), **rule, fused=True, capturable=True)
    shadow = descent.shadow(optimizer, **({"eps": 1e-3} if wrong else {}))
    other = descent.shadow(optimizer, "scratch.adamw", every=5)
    scaler = torch.amp.GradScaler("cuda", growth_interval=2)
    for _ in range(40):
        images, labels = torch.randn(16, 20, device="cuda"), torch.randint(4, (16,), device="cuda")
        with torch.autocast("cuda", torch.float16):
            value = F.cross_entropy(model(images), labels)
        scaler.scale(value).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    assert shadow.report().passed is not wrong
    assert other.report().passed


@pytest.mark.new_torch  # older optimizers take no names
@pytest.mark.new_torch
def test_names_of_an_optimizers_parameters():
    model = torch.nn.Linear(20, 4)
    optimizer = torch.optim.SGD(model.named_parameters(), lr=0.1)
    shadow = descent.shadow(optimizer, lr=0.2)
    model(torch.ones(1, 20)).sum().backward()
    optimizer.step()
    assert shadow.report().first_difference["tensor"] in ("weight", "bias")


@pytest.mark.parametrize("fused", [False, True])
def test_grad_scaler(fused):
    """A fused step unscales the gradients itself, and is called even if it is to be skipped."""
    parameters = make_parameters()
    optimizer = torch.optim.Adam(parameters.values(), lr=0.01, fused=fused)
    shadow = descent.shadow(optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=3)
    loop(optimizer, parameters, 40, scaler)
    report = shadow.report()
    assert report.passed and 10 < report.steps < 40
    assert [remark for remark in report.remarks if "GradScaler" in remark] if fused else True


def test_an_optimizer_that_has_taken_steps():
    parameters = make_parameters()
    optimizer = torch.optim.Adam(parameters.values(), lr=0.01)
    loop(optimizer, parameters, 5)
    shadow = descent.shadow(optimizer)
    loop(optimizer, parameters, 5)
    assert shadow.report().passed and shadow.report().steps == 5
    with pytest.raises(UsageError, match="it has taken steps already"):
        descent.shadow(optimizer, "scratch.adam")


def test_a_shadow_of_an_optimizer_ends():
    parameters = make_parameters()
    optimizer = torch.optim.SGD(parameters.values(), lr=0.01)
    shadow = descent.shadow(optimizer)
    with pytest.raises(UsageError, match="leave the with-block out"), shadow:
        pass
    loop(optimizer, parameters, 2)
    shadow.close()
    loop(optimizer, parameters, 2)
    assert shadow.report().steps == 2
    assert not any(parameter._backward_hooks for parameter in parameters.values())


def test_a_shadow_that_nobody_holds_is_gone():
    parameters = make_parameters()
    shadow = descent.shadow(parameters, torch.optim.SGD, lr=0.1)
    gone = weakref.ref(shadow)
    del shadow
    assert gone() is None
    loss(parameters, 0).backward()


def test_what_an_optimizer_must_not_do():
    parameters = make_parameters()
    optimizer = torch.optim.SGD(parameters.values(), lr=0.01)
    shadow = descent.shadow(optimizer)
    with pytest.raises(UsageError, match=r"step\(closure\) computes the gradients within"):
        optimizer.step(lambda: loss(parameters, 0))
    loss(parameters, 0).backward()
    optimizer.add_param_group({"params": [torch.ones(2, requires_grad=True)]})
    with pytest.raises(UsageError, match="came"):
        optimizer.step()
    shadow.close()


def test_a_class_without_a_plain_form_needs_a_reference():
    class Own(torch.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

    with pytest.raises(UsageError, match="against: missing; name the reference, because Own"):
        descent.shadow(Own([torch.ones(2)], 0.1))
