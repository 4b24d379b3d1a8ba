"""What is worth knowing about a training loop besides its steps: gradients, replaced tensors."""

import weakref

import torch

#: What can be remarked; a tensor is named by its name, a step by its number from 1.
_KINDS = {
    "not cleared": (
        "the gradients of {names} were not cleared before the backward() of step {step}: they are "
        "sums of old and new ones"
    ),
    "unchanged": (
        "the gradients of {names} are the same in step {step} as in the step before: there was no "
        "backward() in between"
    ),
    "changed inside": (
        "the gradients of {names} were changed within step {step}; the reference took them as they "
        "were before"
    ),
    "replaced": "not updated in place: {names}; new tensors took their place in step {step}",
    "replaced, untracked": (
        "not updated in place: {names}; new tensors, which require no gradient, took their place "
        "in step {step}"
    ),
    "changed outside": (
        "changed before step {step}, but not by a step: {names}; the reference took that over"
    ),
    "skipped": "GradScaler let no update happen in step {step}, and the reference took none",
    "not finite": (
        "no longer finite after step {step}, nor with the reference: {names}; nothing is compared "
        "from there on"
    ),
}


class Watch:
    """Collects remarks on a loop.

    Hooks on every parameter look before and after backward() adds to its gradient. Clearing and
    updating in place count up the version of a tensor, but not through `.data`; so a suspicion is
    checked by value.
    """

    def __init__(self, tensors):
        self._noted = {}
        self._step = 0
        self._tensors, self._last = tensors, {}
        self._versions, self._gradients, self._handles = {}, {}, {}
        self._arrived, self._suspects = set(), set()
        self._keep()

    def note(self, kind, step, names=()):
        """Note something about some parameters in a step."""
        steps, noted = self._noted.setdefault(kind, (set(), []))
        noted += [name for name in names if name not in noted]
        steps.add(step)

    def remarks(self):
        """Return a sentence for each kind of remark."""
        return [_sentence(kind, *noted) for kind, noted in self._noted.items()]

    def begin(self, step, tensors):
        """Look at what happened since the step before.

        Parameters
        ----------
        step : int
            The number of the step that begins, from 1.
        tensors : dict
            The parameters, by name.

        Returns
        -------
        list of str
            The names of the parameters that were changed meanwhile.
        """
        self._step = step
        kept = [
            name
            for name, tensor in tensors.items()
            if name not in self._arrived and self._is_kept(name, gradient_of(tensor))
        ]
        if kept:
            self.note("unchanged", step, kept)
        changed = [
            name
            for name, tensor in tensors.items()
            if tensor is not self._tensors[name] or tensor._version != self._versions[name]
        ]
        if changed:
            self.note("changed outside", step, changed)
        self._tensors = tensors
        return changed

    def _is_kept(self, name, gradient):
        """Tell whether a gradient is still that of the step before."""
        last = self._last.get(name)
        return (
            last is not None
            and _place(gradient) is not None
            and _place(gradient) == self._gradients[name]
            and torch.equal(gradient, last)
        )

    def end(self, tensors, gradients):
        """Look at what a step did to the tensors; the gradients are those at its beginning."""
        new = [name for name, tensor in tensors.items() if tensor is not self._tensors[name]]
        lost = [
            name
            for name in new
            if self._tensors[name].requires_grad and not tensors[name].requires_grad
        ]
        if new:
            self.note("replaced, untracked" if lost else "replaced", self._step, new)
        self._tensors = tensors
        self._last = dict(zip(tensors, gradients, strict=True))
        self._keep()

    def look_inside(self):
        """Look at gradients that a step has changed, but not cleared."""
        changed = [
            name
            for name, tensor in self._tensors.items()
            if _place(gradient := gradient_of(tensor)) is not None
            and self._last[name] is not None
            and not torch.equal(gradient, self._last[name])
            and gradient.any()
        ]
        if changed:
            self.note("changed inside", self._step, changed)

    def _keep(self):
        """Remember the tensors and gradients as they are between two steps."""
        self._arrived.clear()
        for name, tensor in self._tensors.items():
            self._versions[name] = tensor._version
            self._gradients[name] = _place(gradient_of(tensor))
            self._attend(name, tensor)

    def _attend(self, name, tensor):
        """Put a hook on a parameter, unless it has one."""
        seen, handles = self._handles.get(name, (None, ()))
        if seen is tensor or not (tensor.is_leaf and tensor.requires_grad):
            return
        for handle in handles:
            handle.remove()

        watch = weakref.ref(self)  # hooks do not keep alive what nobody reads any more

        def before(_):
            if own := watch():
                own._before_it_is_added(name)

        def after(_):
            if own := watch():
                own._after_it_was_added(name)

        handles = tensor.register_hook(before), tensor.register_post_accumulate_grad_hook(after)
        self._handles[name] = tensor, handles

    def _before_it_is_added(self, name):
        """Look at what a new gradient finds; it may be only computed, and not added."""
        there = gradient_of(self._tensors[name])
        is_old = name not in self._arrived and _place(there) is not None
        if is_old and _place(there) == self._gradients[name] and there.any():
            self._suspects.add(name)
        else:
            self._suspects.discard(name)

    def _after_it_was_added(self, name):
        if name in self._suspects:
            self.note("not cleared", self._step + 1, [name])
        self._suspects.discard(name)
        self._arrived.add(name)

    def close(self):
        """Remove the hooks."""
        for _, handles in self._handles.values():
            for handle in handles:
                handle.remove()
        self._handles.clear()


def gradient_of(tensor):
    """Return the gradient of a parameter; None if it has none, as after it was replaced."""
    return tensor.grad if tensor.is_leaf or tensor.retains_grad else None


def _place(gradient):
    """Return what tells a gradient from a new one, and from itself after a change in place."""
    if gradient is None or gradient.layout is not torch.strided:
        return None  # a sparse one has no place; nothing is said of it
    return gradient.data_ptr(), gradient._version


def _sentence(kind, steps, names):
    some = [*names[:2], f"{len(names) - 2} more"] if len(names) > 3 else names
    shown = " and ".join(filter(None, [", ".join(some[:-1]), *some[-1:]]))
    text = _KINDS[kind].format(names=shown, step=min(steps))
    return f"{text} (and in {len(steps) - 1} more)" if len(steps) > 1 else text
