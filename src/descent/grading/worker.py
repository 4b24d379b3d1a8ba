"""The process of a submission: it loads the rule and answers steps. It decides nothing.

The judge sends parameters and gradients; the answer is the parameters after a step.
"""

import os
import socket
import sys

import torch

from descent.errors import DescentError
from descent.grading import protocol
from descent.grading.limits import Limits, set_limits
from descent.grading.survey import survey
from descent.optimizers.groups import in_turn
from descent.optimizers.step import bind, defaults
from descent.parity.contender import Contender


def main(descriptor):
    """Answer until the connection ends.

    Parameters
    ----------
    descriptor : int
        Of the socket.
    """
    torch.set_num_threads(1)
    connection = socket.socket(fileno=descriptor)
    process, worker = os.getpid(), _Worker()
    while message := _receive(connection):
        header, payload = message
        try:
            answer, numbers = worker.answer(header, payload)
        except DescentError as error:
            answer, numbers = {"error": str(error)}, b""
        except (MemoryError, RuntimeError) as error:  # what the rule has left is not enough
            answer, numbers = {"error": f"{type(error).__name__}: {error}"}, b""
        if os.getpid() != process:  # a copy of this process, which the rule has made
            os._exit(0)
        connection.sendall(protocol.pack({**answer, "number": header["number"]}, numbers))


def _receive(connection):
    start = _take(connection, protocol.SIZES)
    if not start:
        return None
    n_header, n_payload = protocol.sizes(start)
    return protocol.unpack(_take(connection, n_header)), _take(connection, n_payload)


def _take(connection, n):
    taken = bytearray()
    while len(taken) < n:
        piece = connection.recv(n - len(taken))
        if not piece:
            return b""
        taken += piece
    return bytes(taken)


class _Worker:
    def __init__(self):
        self._networks = {}

    def answer(self, header, payload):
        for number in header.get("forget", ()):
            self._networks.pop(number, None)
        return getattr(self, f"_{header['op']}")(header, payload)

    def _begin(self, header, payload):
        self._asked = header
        found = survey(header["file"], header["rule"], header["settings"])
        set_limits(Limits(**header["limits"]))  # no code of the submission has run so far
        return found, b""

    def _load(self, header, payload):
        """Load the rule and say how it is called."""
        self._contender = self._loaded()
        is_class = self._contender.is_class
        return {
            "is_class": is_class,
            "elementwise": bool(self._contender.elementwise),
            "form": self._contender.form,
            "translated": self._contender.translated,
            "defaults": {
                name: value
                for name, value in defaults(self._contender.rule).items()
                if protocol.can_be_sent(value)
            },
        }, b""

    def _loaded(self):
        asked = self._asked
        return Contender.load(f"{asked['file']}:{asked['rule']}", asked["settings"], asked["form"])

    def _make(self, header, payload):
        """Bind the rule to a network."""
        contender = self._loaded() if header["anew"] else self._contender
        network = _Network(contender, header, payload)
        self._networks[header["network"]] = network
        return {"groups": network.groups()}, b""

    def _step(self, header, payload):
        return self._networks[header["network"]].step(header, payload)


class _Network:
    def __init__(self, contender, header, payload):
        self._blame, self._is_class = contender.blame, contender.is_class
        self._dtype = getattr(torch, header["dtype"])
        self._homes = [
            torch.empty_strided(shape, strides, dtype=self._dtype)
            for shape, strides in zip(header["shapes"], header["strides"], strict=True)
        ]
        self._receive(self._homes, payload)
        # a class makes leaves of what it gets, and may give them other memory
        self._tensors = [home.detach() for home in self._homes]
        self._gradients = [None] * len(self._homes)
        with self._blaming():
            groups = in_turn(len(self._tensors), header.get("groups", ()))
            self._own = bind(contender.rule, self._tensors, header["settings"], groups)

    def groups(self):
        """Return the hyperparameters in use, as far as they can be sent."""
        return [
            {
                name: value
                for name, value in group.items()
                if name != "params" and protocol.can_be_sent(value)
            }
            for group in self._own.hyperparameters()
        ]

    def _blaming(self):
        torch.set_default_dtype(self._dtype)
        return self._blame()

    def _receive(self, tensors, payload):
        with torch.no_grad():
            for tensor, sent in zip(tensors, protocol.from_bytes(payload, tensors), strict=True):
                tensor.copy_(sent)

    def step(self, header, payload):
        missing, same = header.get("missing", ()), header.get("same", ())
        for index in range(len(self._homes)):
            if index in missing:
                self._gradients[index] = None
            elif index not in same:
                self._gradients[index] = torch.empty_like(self._homes[index])
        given = [gradient for gradient in self._gradients if gradient is not None]
        self._receive([*self._homes, *given], payload)
        sent = [
            gradient if gradient is None or not self._is_class else gradient.clone()
            for gradient in self._gradients
        ]
        for group, changed in zip(
            self._own.hyperparameters(), header.get("changed", ()), strict=False
        ):
            group.update(changed)
        with self._blaming():
            self._own(list(self._gradients))
        if self._is_class:
            return self._answer_of_class(sent)
        return {}, protocol.to_bytes(self._homes)

    def _answer_of_class(self, sent):
        """Answer also with the gradients that the step has changed."""
        lost, changed = [], []
        for index, (tensor, before) in enumerate(zip(self._tensors, sent, strict=True)):
            after = tensor.grad
            if before is None and after is None:
                continue
            if after is None or before is None or after.shape != before.shape:
                lost.append(index)
            elif not torch.equal(after, before):
                changed.append(index)
        gradients = [self._tensors[index].grad.to(self._dtype) for index in changed]
        return {"lost": lost, "changed": changed}, protocol.to_bytes([*self._homes, *gradients])


if __name__ == "__main__":
    main(int(sys.argv[1]))
