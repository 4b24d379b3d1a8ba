"""Training progress, saved to a file so that a killed job can resume."""

import hashlib
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from descent.files import replacing
from descent.provenance import provenance
from descent.seal import SEAL, read_intact, seal

#: Largest share of the time spent on saving; if epochs are short, some are not saved.
_SHARE = 0.02


def identify(configuration, files, device="cpu"):
    """Describe everything that a run's numbers depend on, for `Checkpoint`.

    Parameters
    ----------
    configuration : dict
        The arguments passed to training.
    files : list of path
        Data and code, identified by their content.
    device : str
        `cpu` or `cuda`.

    Returns
    -------
    dict
    """
    content = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in files]
    told = provenance(device)
    machine = {key: told[key] for key in ("torch", "cpu", "mkl_cbwr", "device", "device_name")}
    return {"configuration": configuration, "content": content, **machine}


def fingerprint(identity):
    """Condense an identity into a text of fixed length."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


class Checkpoint:
    """A file with the progress of one stack of seeds.

    Progress is a tree of dicts, lists and tuples whose leaves are tensors, arrays, torch random
    generators, numbers, strings, booleans and None. It is restored bit for bit or not saved at all:
    it is not saved if a value has another type, even a subclass, or if two values share memory.

    Parameters
    ----------
    file : path
        A safetensors file, which cannot contain code.
    identity : dict
        Everything that the numbers depend on, as plain values. Progress with another identity is
        rejected.
    """

    def __init__(self, file, identity):
        self._file, self._identity = Path(file), json.dumps(identity, sort_keys=True)
        self._not_before = 0.0

    def load(self):
        """Return the last saved progress, or None; if it cannot be used, print why."""
        if not self._file.exists():
            return None
        try:
            read_intact(self._file)
            with safe_open(self._file, framework="pt") as saved:
                metadata = saved.metadata()
                tensors = {name: saved.get_tensor(name) for name in saved.keys()}  # noqa: SIM118
            if metadata["identity"] == self._identity:
                return _unpack(json.loads(metadata["progress"]), tensors)
            why = "it was made with another configuration, data set, code, torch, CPU or device"
        except (SafetensorError, OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
            why = f"it cannot be read ({error})"
        print(f"{self._file}: not used, training starts over: {why}")
        return None

    def save(self, gather):
        """Save the progress, unless saving again so soon would cost too much time.

        Parameters
        ----------
        gather : callable
            Returns the progress; raises TypeError if an optimizer may remember more than its state.
        """
        start = time.monotonic()
        if start < self._not_before:
            return
        tensors = {}
        try:
            tree = _pack(gather(), tensors, set())
            whole = {
                name: tensor.to("cpu", copy=True, memory_format=torch.contiguous_format)
                for name, tensor in tensors.items()
            }
            with replacing(self._file) as part:
                progress = json.dumps(tree)
                metadata = {"identity": self._identity, "progress": progress, "seal": SEAL}
                save_file(whole, part, metadata)
                seal(part)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            print(f"No checkpoint is kept: {error}")
            self._not_before = math.inf
            return
        self._not_before = start + (time.monotonic() - start) / _SHARE


def _pack(value, tensors, memory):
    """Convert a tree to JSON values, and collect its tensors in `tensors`.

    `memory` collects addresses: two values at the same address would be separate after loading.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is tuple:
        return {"tuple": [_pack(item, tensors, memory) for item in value]}
    if kind is list:
        _remember(id(value), memory)
        return {"list": [_pack(item, tensors, memory) for item in value]}
    if kind is dict:
        _remember(id(value), memory)
        return {"dict": [[_pack(part, tensors, memory) for part in item] for item in value.items()]}
    if kind is torch.Generator:
        _remember(id(value), memory)
        return {"generator": [_pack(value.get_state(), tensors, memory), value.device.type]}
    if kind in (torch.Tensor, np.ndarray):
        tensor = torch.as_tensor(value).detach()
        if tensor.numel():
            _remember(tensor.data_ptr(), memory)
        name = str(len(tensors))
        tensors[name] = tensor
        # with the strides, because sums over another layout round differently
        place = [name, tensor.stride(), tensor.device.type]
        return {"tensor" if kind is torch.Tensor else "array": place}
    raise TypeError(f"the state of an optimizer cannot contain a {kind.__name__}")


def _remember(place, memory):
    if place in memory:
        raise TypeError("the state of an optimizer cannot contain values that share memory")
    memory.add(place)


def _unpack(value, tensors):
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind in ("tensor", "array"):
        name, stride, device = content
        saved = tensors[name]
        tensor = torch.empty_strided(saved.shape, stride, dtype=saved.dtype, device=device)
        tensor.copy_(saved)
        return tensor if kind == "tensor" else tensor.numpy()
    if kind == "generator":
        state, device = content
        return torch.Generator(device).set_state(_unpack(state, tensors))
    if kind == "dict":
        return {_unpack(key, tensors): _unpack(item, tensors) for key, item in content}
    items = [_unpack(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items
