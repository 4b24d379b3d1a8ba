"""A network in a worker, as the judge sees it."""

import weakref

import torch

from descent.grading import protocol


class Network:
    """A network in a worker, and what it was last told.

    Parameters
    ----------
    session : descent.grading.session.Session
    tensors : list of torch.Tensor
        Its parameters.
    settings : dict
    groups : list of dict or None
        Hyperparameters of each group of parameters, which are dealt out in turn.
    anew : bool
        Whether the worker loads the rule anew for it.

    Attributes
    ----------
    groups : list of dict
        The hyperparameters in use, as far as the worker can send them.
    """

    def __init__(self, session, tensors, settings, groups, anew):
        self._session = session
        self._number = next(session.numbers)
        self._like = [torch.empty(tensor.shape, dtype=tensor.dtype) for tensor in tensors]
        self._last = [None] * len(tensors)
        header = {
            "op": "make",
            "network": self._number,
            "anew": anew,
            "dtype": str(tensors[0].dtype).removeprefix("torch."),
            "shapes": [list(tensor.shape) for tensor in tensors],
            "strides": [list(tensor.stride()) for tensor in tensors],
            "settings": settings,
        }
        if groups:
            header["groups"] = groups
        answer, _ = session.ask(header, protocol.to_bytes(tensors))
        self.groups = self._checked(answer.get("groups"))
        weakref.finalize(self, session.forgotten.append, self._number)

    def _checked(self, groups):
        fits = isinstance(groups, list) and all(isinstance(group, dict) for group in groups)
        if not fits or not all(
            protocol.can_be_sent(value) for group in groups for value in group.values()
        ):
            self._session.refuse("something else")
        return groups

    def step(self, tensors, gradients, groups):
        """Take a step: update tensors in place, and return what became of the gradients.

        Parameters
        ----------
        tensors, gradients : list of torch.Tensor
            A gradient may be None.
        groups : list of dict
            Hyperparameters of each group.

        Returns
        -------
        dict
            Maps the places of changed gradients to their values, or None.
        """
        header = {"op": "step", "network": self._number}
        changed = [
            {
                name: value
                for name, value in group.items()
                if name not in known or not _same(known[name], value)
            }
            for group, known in zip(groups, self.groups, strict=True)
        ]
        if any(changed):
            header["changed"] = changed
            for known, own in zip(self.groups, changed, strict=True):
                known.update(own)
        if missing := [at for at, gradient in enumerate(gradients) if gradient is None]:
            header["missing"] = missing
        # the last gradients are kept, so that no new one can have their memory by chance
        same = [
            at
            for at, (new, last) in enumerate(zip(gradients, self._last, strict=True))
            if new is not None and last is not None and new.data_ptr() == last.data_ptr()
        ]
        if same:
            header["same"] = same
        self._last = list(gradients)
        given = [gradient for gradient in gradients if gradient is not None]
        answer, numbers = self._session.ask(header, protocol.to_bytes([*tensors, *given]))
        return self._read(answer, numbers, tensors)

    def _read(self, answer, numbers, tensors):
        try:
            lost, changed = answer.get("lost", []), answer.get("changed", [])
            gradients = [self._like[index] for index in changed]
            after = protocol.from_bytes(numbers, [*self._like, *gradients])
            [len(self._like[index].shape) for index in lost]
        except (ValueError, TypeError, IndexError):
            self._session.refuse("numbers of another size")
        with torch.no_grad():
            for tensor, value in zip(tensors, after, strict=False):
                tensor.copy_(value)
        found = zip(changed, after[len(self._like) :], strict=True)
        return {**dict.fromkeys(lost), **dict(found)}


def _same(one, other):
    return type(one) is type(other) and one == other
