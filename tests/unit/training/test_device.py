"""The device: which one is found, what is set for it, and that no tensor is left on another."""

import os
import threading
import warnings

import pytest
import torch

from descent import model
from descent.data.prepared import PreparedData
from descent.errors import DeviceError, RuleError
from descent.optimizers.spec import split_settings
from descent.optimizers.step import make_step
from descent.training import epoch, loop, orders
from descent.training.device import naming_stack_size, reproducible, resolve, wait
from descent.training.networks import Layers
from descent.training.orders import draw
from descent.training.seeding import generator
from networks import MOMENTUM, SGD, TORCH, bits, make_data, run
from pretended import DEVICE, MixedDevicesError, pretending


@pytest.mark.parametrize(
    ("name", "has_gpu", "found"),
    [("cpu", True, "cpu"), ("auto", True, "cuda"), ("cuda", True, "cuda"), ("auto", False, "cpu")],
)
def test_auto_is_a_gpu_where_there_is_one(monkeypatch, name, has_gpu, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    monkeypatch.setattr(torch, "ones", lambda size, device: torch.zeros(size))
    assert resolve(name) == torch.device(found)


TOO_OLD = (
    "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). "
    "Please update your GPU driver by downloading and installing a new version from the URL: http://..."
)


def no_gpu(warning=None):
    """Make what stands for `torch.cuda.is_available` where there is none."""

    def is_available():
        if warning:
            warnings.warn(warning, stacklevel=2)
        return False

    return is_available


@pytest.mark.parametrize(
    ("is_built", "visible", "warning", "said"),
    [
        (False, None, None, "torch was built without CUDA; install a build of torch with CUDA"),
        (True, None, None, "torch finds no GPU here; run this where nvidia-smi lists one"),
        (True, "", None, "torch finds no GPU with CUDA_VISIBLE_DEVICES=''; name one in it"),
        (
            *(True, "0", TOO_OLD),
            "The NVIDIA driver on your system is too old (found version 11040); update the driver "
            "or install a build of torch for an older one",
        ),
    ],
)
def test_without_a_gpu_one_line_says_what_to_do(monkeypatch, is_built, visible, warning, said):
    monkeypatch.setattr(torch.cuda, "is_available", no_gpu(warning))
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: is_built)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with warnings.catch_warnings(action="error"), pytest.raises(DeviceError) as error:
        run(make_data(), SGD, [0], device="cuda")
    assert str(error.value) == f"training.device: cuda cannot be used: {said}, or choose cpu"


def test_a_device_of_another_name_is_refused():
    with pytest.raises(DeviceError, match=r"^--device: gpu is unknown; choose auto, cpu, cuda$"):
        resolve("gpu", "--device")


def test_auto_leaves_a_warning_of_torch_as_it_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", no_gpu(TOO_OLD))
    with pytest.warns(UserWarning, match="too old"):
        assert resolve("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["auto", "cuda"])
@pytest.mark.parametrize(
    "problem",
    [
        "CUDA error: CUDA-capable device(s) is/are busy or unavailable",
        "CUDA error: no kernel image is available for execution on the device",
        "CUDA error: out of memory",
    ],
)
def test_a_gpu_that_is_found_but_cannot_compute_is_named_in_one_line(monkeypatch, name, problem):
    def fail(*arguments, **options):
        raise RuntimeError(f"{problem}\nCUDA kernel errors might be asynchronously reported ...")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", fail)
    with pytest.raises(DeviceError) as error:
        resolve(name)
    assert str(error.value) == (
        f"training.device: {name} cannot be used: {problem}; look at it with nvidia-smi and choose "
        "another one, or choose cpu"
    )


def state():
    return (
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
        torch.are_deterministic_algorithms_enabled(),
        torch.utils.deterministic.fill_uninitialized_memory,
        torch.get_float32_matmul_precision(),
        torch.backends.cudnn.allow_tf32,
    )


def test_a_gpu_computes_the_same_in_every_run_and_nothing_is_set_for_the_cpu(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")  # a user's, with other kernels
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    before = state()
    with reproducible(torch.device("cpu")):
        assert state() == before
    torch.set_float32_matmul_precision("high")
    try:
        with pytest.raises(KeyboardInterrupt), reproducible(torch.device("cuda")):
            assert state() == (":4096:8", True, False, "highest", False)
            raise KeyboardInterrupt
        assert state() == (":4096:8", False, True, "high", True)
    finally:
        torch.set_float32_matmul_precision("highest")


def test_only_a_gpu_is_waited_for(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    for name in ("cpu", "cuda"):
        wait(torch.device(name))
    assert waited == [torch.device("cuda")]


FULL = torch.OutOfMemoryError  # of the allocator of torch


@pytest.mark.parametrize(
    ("error", "message", "in_use", "end"),
    [
        # 250 networks would take 60 + 20 GiB, and there are 40 + 20: three quarters of that
        (FULL, "CUDA out of memory. Tried to allocate 20.00 GiB. GPU ...", 60, "; at most 187 fit"),
        (FULL, "CUDA out of memory. Tried to allocate 2.00 MiB. GPU ...", 1, ""),  # others use it
        (RuntimeError, "CUDA error: out of memory", 60, ""),
        (RuntimeError, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublas...`", 60, ""),
    ],
)
def test_too_small_a_memory_names_the_size_of_the_stack(monkeypatch, error, message, in_use, end):
    gib = 2**30
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: in_use * gib)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 40 * gib)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (20 * gib, 80 * gib))

    def fail(*arguments):
        raise error(message)

    monkeypatch.setattr(loop, "train_epoch", fail)
    with pytest.raises(DeviceError) as raised, pretending(loop):
        run(make_data(), SGD, [0], stack_size=250)
    assert str(raised.value) == (
        "the memory of the GPU is too small for a stack of 250 networks: lower "
        f"training.stack_size{end}"
    )
    with pytest.raises(RuntimeError, match=r"^other$"), naming_stack_size(250):
        raise RuntimeError("other")


@pytest.mark.parametrize("settings", [SGD, MOMENTUM, TORCH])
def test_training_on_a_device_starts_where_the_cpu_does_and_leaves_nothing_there(settings):
    """Here the device computes like the CPU, so that it even ends there."""
    data, shape = make_data(), {"validation_fraction": 0.2}
    on_cpu = run(data, settings, [0, 1], **shape)
    with pretending(loop):
        away = run(data, settings, [0, 1], stack_size=3, **shape)
    assert list(map(bits, away)) == list(map(bits, on_cpu))
    assert [one.device for one in (*away, *on_cpu)] == [DEVICE.type] * 2 + ["cpu"] * 2


def test_orders_are_drawn_in_another_thread_for_a_device_only(monkeypatch):
    in_main = []

    def drawing(*arguments):
        in_main.append(threading.current_thread() is threading.main_thread())
        return draw(*arguments)

    monkeypatch.setattr(orders, "draw", drawing)
    run(make_data(), SGD, [0, 1], epochs=3)
    assert in_main == [True] * 3
    in_main.clear()
    with pretending(loop):
        run(make_data(), SGD, [0, 1], epochs=3)
    assert in_main[:3] == [True, False, False]


def epoch_on(device, data, rule=SGD):
    """Make what trains for an epoch, and return it."""
    generators = [generator(0, "order", "v", seed) for seed in (0, 1)]
    parameters = model.initialize([64, 20, 20, 4], generators, device)
    optimizer, hyperparameters = split_settings(rule)
    step = make_step(optimizer, parameters, hyperparameters)
    data = data.to(device)
    return lambda: epoch.train_epoch(Layers(parameters), step, data, draw(generators, 300), 32)


@pytest.mark.parametrize("settings", [SGD, MOMENTUM, TORCH])
def test_nothing_waits_for_the_device_within_an_epoch(settings, monkeypatch):
    with pretending() as device:
        train = epoch_on(DEVICE, make_data(), settings)
        device.fetched.clear()
        recorded = train()
        assert device.fetched == []
        assert {values.device for values in recorded.values()} == {DEVICE}
        differentiate = epoch.differentiate

        def peeking(networks, images, labels):
            logits, gradients = differentiate(networks, images, labels)
            logits.sum().item()
            return logits, gradients

        monkeypatch.setattr(epoch, "differentiate", peeking)
        train()
        assert device.fetched == ["aten::_local_scalar_dense"] * 10


def without(*names):
    """Make a `PreparedData.to` that leaves some tensors where they are."""
    move = PreparedData.to

    def to(self, device):
        left = {name: getattr(self, name) for name in names}
        return PreparedData(**{**vars(move(self, device)), **left})

    return to


def stay(sizes, generators, device):
    return initialize(sizes, generators)


initialize = model.initialize

#: What may be left on the CPU, each alone.
LEFT = {
    "parameters": (model, "initialize", stay),
    "training images": (PreparedData, "to", without("train_images")),
    "training labels": (PreparedData, "to", without("train_labels")),
    "test images": (PreparedData, "to", without("test_images")),
    "test labels": (PreparedData, "to", without("test_labels")),
    "validation labels": (PreparedData, "to", without("validation_labels")),
}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT.keys())
def test_a_tensor_that_is_left_on_the_cpu_is_an_error(left, monkeypatch):
    monkeypatch.setattr(*left)
    with pytest.raises(MixedDevicesError), pretending(loop):
        run(make_data(), SGD, [0, 1], validation_fraction=0.2, stack_size=3)


def test_a_tensor_of_a_users_rule_on_the_cpu_is_an_error_of_that_rule(tmp_path):
    rule = tmp_path / "rules.py"
    rule.write_text(
        "import torch\n\n\ndef mine(parameters, gradients, state, *, lr):\n"
        "    for p, g in zip(parameters, gradients):\n"
        "        p.sub_(lr * g * torch.ones(p.shape))\n"
    )
    settings = {"optimizer": f"{rule}:mine", "lr": 0.1}
    run(make_data(), settings, [0])
    with pytest.raises(RuleError, match=r"rules\.py, line 6: Mixed"), pretending(loop):
        run(make_data(), settings, [0], stack_size=2)


def test_a_generator_of_the_cpu_draws_nothing_on_the_device():
    with pretending(), pytest.raises(MixedDevicesError, match="the generator"):
        torch.randn(3, generator=torch.Generator(), device=DEVICE)
