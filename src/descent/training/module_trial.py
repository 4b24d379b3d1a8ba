"""Try out a user's module, to find mistakes that raise no exception."""

import random

import numpy as np
import torch

from descent.errors import RuleError

#: Images of the trial: more than one, as batch normalization needs.
_IMAGES = 4


def try_out(networks, n_classes):
    """Call the module of the first seed a few times.

    Parameters
    ----------
    networks : descent.training.modules.Modules
        Left unchanged.
    n_classes : int

    Raises
    ------
    descent.errors.RuleError
        If the logits have another shape, do not depend on all parameters, or depend on more than
        the parameters, buffers, images and torch's random numbers; or on these in evaluation.
    """
    images, others = _draw_images(networks)
    shared = _shared_random_state()
    plain = networks.plain_values()
    logits = _logits(networks, images)
    _check_shape(logits, n_classes)
    _check_gradients(networks, logits)
    _logits(networks, others, seed=2)
    again = _logits(networks, images)
    if _shared_random_state() != shared:
        raise RuleError("it draws random numbers with NumPy or random; draw them with torch")
    changed = [name for name, value in networks.plain_values().items() if plain.get(name) != value]
    if changed:
        raise RuleError(
            f"a call changes its {changed[0]}, which no checkpoint keeps; make it a buffer, with "
            "register_buffer"
        )
    if not _same(logits, again):
        raise RuleError(
            "the same images, parameters and random numbers give other logits the second time; "
            "keep what it remembers in buffers, made with register_buffer"
        )
    evaluated = [_logits(networks, images, seed=seed, training=False) for seed in (1, 2)]
    if not _same(*evaluated):
        raise RuleError(
            "it draws random numbers in evaluation mode; for dropout, use nn.Dropout, or "
            "F.dropout(..., training=self.training)"
        )


def _draw_images(networks):
    generator = torch.Generator().manual_seed(0)
    shape, like = networks.image_shape, networks.parameters[0]
    for_both = torch.randn(2, _IMAGES, *shape, generator=generator)
    return for_both.flatten(2).to(like.device).unbind()


def _logits(networks, images, *, seed=1, training=True):
    buffers = {name: each.clone() for name, each in networks.buffers(0).items()}
    return networks.call(0, networks.parameters, buffers, images, training, seed)


def _shared_random_state():
    _, key, position, *_ = np.random.get_state()
    return random.getstate(), key.tolist(), position  # the key alone stays for 624 numbers


def _check_shape(logits, n_classes):
    wanted = f"logits of shape (images, classes), here ({_IMAGES}, {n_classes})"
    if not isinstance(logits, torch.Tensor):
        raise RuleError(f"it returns a {type(logits).__name__}; return {wanted}")
    if logits.shape != (_IMAGES, n_classes):
        raise RuleError(f"it returns a tensor of shape {tuple(logits.shape)}; return {wanted}")
    if logits.dtype != torch.float32:
        name = str(logits.dtype).removeprefix("torch.")
        raise RuleError(f"it returns logits of dtype {name}; return float32")


def _check_gradients(networks, logits):
    if not logits.requires_grad:
        raise RuleError("its logits do not depend on its parameters")
    gradients = torch.autograd.grad(logits.sum(), networks.parameters, allow_unused=True)
    for name, gradient in zip(networks.names, gradients, strict=True):
        if gradient is None:
            raise RuleError(
                f"{name} is not used; remove it, or freeze it with requires_grad_(False)"
            )


def _same(ours, theirs):
    return torch.equal(ours.detach().nan_to_num(), theirs.detach().nan_to_num())
