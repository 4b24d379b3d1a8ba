"""Replay: whether two update rules take the same steps when they receive the same gradients.

Training amplifies rounding: after an epoch, two correct implementations may be far apart. Here the
reference trains, and every rule receives the gradients of that training, whatever its own
parameters are. So any difference comes from the rule itself, and rounding stays within a tolerance,
see `descent.parity.tolerance`.
"""

import itertools
import math
from functools import partial

import numpy as np
import pandas as pd
import torch

from descent.data.prepared import hold_out
from descent.parity.arithmetic import Disturbed, Noise, default_dtype, disturb
from descent.parity.tolerance import OF_ZEROS, Envelope, Formula, Gain, distances
from descent.parity.verdict import ENVELOPE, NO_ENVELOPE, WIDE_ENVELOPE
from descent.training.device import reproducible, resolve
from descent.training.epoch import differentiate, mini_batches
from descent.training.networks import make_networks
from descent.training.orders import draw
from descent.training.seeding import generators, validation_generator

#: The precisions to compare in: a wrong rule shows in float64, a careless one in float32.
DTYPES = {"float32": torch.float32, "float64": torch.float64}

#: Every rule runs twice in one process, so that what one run leaves behind affects the other. The
#: reference, with which both are compared, runs once.
RUNS = (1, 2)

_SEEDS_AT_ONCE = 5

# A tensor's gradients have vanished if they are smaller than this share of the first ones.
_VANISHED = 1e-7

# Iterations are measured together until their parameters are this many numbers.
_NUMBERS_AT_ONCE = 1 << 18

_PLACE = ["variant", "dtype", "loop", "iteration"]


def replay(
    data,
    makers,
    reference,
    seeds,
    *,
    training,
    iterations,
    closed_loop=True,
):
    """Compare update rules with a reference, iteration by iteration.

    Parameters
    ----------
    data : descent.data.prepared.PreparedData
    makers : dict
        Maps each variant, including the reference, to a function that takes the parameters and
        returns its `step`, see `descent.optimizers.step.make_step`.
    reference : str
        The variant whose training provides the gradients; on the CPU it is that of its own runs,
        to the last bit. Where the gradients of a tensor vanish, those of the untrained network take
        their place.
    seeds : list of int
    training : descent.training.settings.TrainingSettings
    iterations : int
    closed_loop : bool
        Whether every rule also trains on its own gradients. This takes about half of the time.

    Returns
    -------
    pandas.DataFrame
        A row for each other variant, dtype (`float32`, `float64`), loop and iteration, see `trace`.
        The loop is `replay`, or `closed`, where every rule follows its own gradients from the same
        start, with the same mini-batches. `vanished` says whether the gradients had vanished.
    """
    device = resolve(training.device)
    torch.set_num_threads(training.threads)
    changes = [{}] * iterations
    traces = []
    for start in range(0, len(seeds), _SEEDS_AT_ONCE):
        block = seeds[start : start + _SEEDS_AT_ONCE]
        begin = partial(Training.of, data, reference, block, training, device)
        with reproducible(device):
            trace = compare(begin, makers, reference, changes, block, closed_loop=closed_loop)
        traces.append(trace)
    return _worst_over_blocks(pd.concat(traces))


def _worst_over_blocks(trace):
    if trace.empty:  # the reference is not finite at once
        return trace
    worst = trace.sort_values(["identical", "share"], ascending=[True, False])
    worst = worst.drop_duplicates(_PLACE).sort_values(_PLACE, ignore_index=True)
    extremes = trace.groupby(_PLACE).agg(
        {
            "difference": "max",
            "bound": "min",
            "share_of_bound": "max",
            "share_of_way": "max",
            "vanished": "any",
        }
    )
    return worst.drop(columns=extremes.columns).join(extremes, on=_PLACE)


class Training:
    """Gradients of a training, one mini-batch after the other.

    Attributes
    ----------
    initial : list of torch.Tensor
        The parameters at the start, stacked over seeds.
    names : list of str
        Their names.
    vanished : bool
        Whether the last gradients had vanished.
    reuse : bool
        Whether gradients are handed on in the same memory each time: no.
    """

    reuse = False

    def __init__(self, networks, data, orders, batch_size):
        self.initial, self.names = networks.parameters, networks.names
        self.vanished = False
        self._networks, self._least = networks, None
        self._batches = itertools.chain.from_iterable(
            mini_batches(data, draw(orders, len(data.train_images)), batch_size)
            for _ in itertools.count()
        )

    @classmethod
    def of(cls, data, variant, seeds, training, device="cpu"):
        """Make the source for the training of a variant on a device, see `replay`."""
        validation_images = validation_generator(training.root_seed)
        data = hold_out(data, training.validation_fraction, validation_images)
        data = data.to(device)
        networks = make_networks(training, data, variant, seeds, device)
        orders = generators(training, "order", variant, seeds)
        return cls(networks, data, orders, training.batch_size)

    def gradients(self, leader):
        """Compute gradients on the next mini-batch, at the parameters of the network that leads."""
        self._batch = next(self._batches)
        self._networks.next_iteration()
        gradients = self.at(leader)
        largest = torch.stack([each.reshape(len(each), -1).abs().amax(1) for each in gradients])
        if self._least is None:
            self._least = _VANISHED * largest
        self.vanished = bool((largest <= self._least).any())
        return differentiate(self._networks, *self._batch)[1] if self.vanished else gradients

    def at(self, network):
        """Compute the gradients on the current mini-batch at the parameters of a network."""
        images, labels = (part[: len(network.trained[0])] for part in self._batch)
        images = images.to(network.dtype)
        return differentiate(self._networks, images, labels, network.trained)[1]


def compare(begin, makers, reference, changes, seeds, *, runs=RUNS, closed_loop=False):
    """Compare rules with a reference, with as many envelopes as it takes.

    The formula is tried first. The disturbed references that an envelope takes run only where it
    does not suffice, and only until a rule leaves the envelope.

    Parameters
    ----------
    begin : callable
        Returns a new source of gradients, such as `Training`.
    makers, reference
        See `replay`.
    changes : list of dict
        For each iteration, the hyperparameters that change.
    seeds : list of int
    runs : tuple of int
    closed_loop : bool

    Returns
    -------
    pandas.DataFrame
        See `trace`.
    """
    found = trace(begin(), makers, reference, changes, seeds, runs=runs, closed_loop=closed_loop)
    for envelope in (ENVELOPE, WIDE_ENVELOPE):
        outside = _outside(found)
        if envelope == WIDE_ENVELOPE:  # it is for rules that are right in float64
            wrong = {variant for variant, dtype in outside if dtype == "float64"}
            outside = [pair for pair in outside if pair[0] not in wrong]
        if not outside:
            break
        dtypes = {dtype for _, dtype in outside}
        factors = _factors(begin(), makers[reference], changes, envelope, dtypes)
        _widen(found, outside, envelope, factors)
    return found


def _widen(found, outside, envelope, factors):
    """Replace the shares of what is outside of the tolerance by those of an envelope.

    This ends where everything has left the envelope, too.
    """
    places = found.set_index(["loop", "variant", "dtype"]).index
    rows = {
        (variant, dtype): found.index[places.get_locs(["replay", variant, dtype])]
        for variant, dtype in outside
    }
    found.loc[[row for part in rows.values() for row in part], "envelope"] = envelope
    inside = set(outside)
    for done, factor in enumerate(factors):
        for (variant, dtype), part in rows.items():
            if done < len(part):
                shares = found.loc[part[done], ["share_of_bound", "share_of_way"]].tolist()
                share = max(map(_ratio, shares, factor[dtype]))
                found.at[part[done], "share"] = share
                if share > 1:
                    inside.discard((variant, dtype))
        if not inside:
            return


def _ratio(share, limit):
    return share / limit if limit else math.inf if share else 0.0


def _factors(source, maker, changes, envelope, dtypes):
    """Yield the envelope in every iteration, see `Envelope.advance`, for each dtype."""
    gain = Gain.of(maker, source.initial)
    noises = [Noise(sign, envelope == WIDE_ENVELOPE) for sign in (1, -1)]
    leads = Network(source.initial, maker, torch.float32)
    right, twins = {"float32": leads}, {}
    for name in dtypes:
        dtype = DTYPES[name]
        right.setdefault(name, Network(source.initial, maker, dtype))
        twins[name] = [Network(source.initial, maker, dtype, noise, gain) for noise in noises]
    formulas = {dtype: Formula(right[dtype].path()) for dtype in dtypes}
    envelopes = {dtype: Envelope() for dtype in dtypes}
    for changed in changes:
        gradients = source.gradients(leads)
        for network in [*right.values(), *itertools.chain.from_iterable(twins.values())]:
            network.step(gradients, changed)
        factors = {}
        for dtype in dtypes:
            path = right[dtype].path()
            formulas[dtype].advance(path)
            away = [twin.path() for twin in twins[dtype]]
            factors[dtype] = envelopes[dtype].advance(path, away, formulas[dtype])
        yield factors


def _outside(trace):
    """List the variants and dtypes that differ by more than the tolerance."""
    if trace.empty:
        return []
    replayed = trace[(trace["loop"] == "replay") & (trace["share"] > 1)]
    return list(replayed[["variant", "dtype"]].drop_duplicates().itertuples(index=False, name=None))


class Network:
    """Parameters together with the rule that updates them.

    Parameters
    ----------
    initial : list of torch.Tensor
        Stacked over seeds.
    maker : callable
        See `replay`.
    dtype : torch.dtype
    noise : descent.parity.arithmetic.Noise, optional
        Disturbs every operation of the rule.
    gain : descent.parity.tolerance.Gain, optional
        Disturbs the gradients as well.
    reuse : bool
        Whether the gradients are always in the same memory.
    """

    def __init__(self, initial, maker, dtype, noise=None, gain=None, reuse=False):
        self.dtype = dtype
        self._buffers = [torch.empty_like(p, dtype=dtype) for p in initial] if reuse else None
        self.trained = [tensor.detach().to(dtype, copy=True).requires_grad_() for tensor in initial]
        self.values = [tensor.detach() for tensor in self.trained]
        self._gain = gain
        self._arithmetic = noise and Disturbed(noise)
        with default_dtype(dtype):
            self._step = maker(self.trained)

    def path(self):
        """Return the path of this iteration, see `Formula`, in the memory of the parameters."""
        return [tensor.reshape(1, len(tensor), -1) for tensor in self.values]

    def step(self, gradients, changed):
        """Take a step with copies of the gradients, which may be None."""
        if self._buffers:
            gradients = [
                None if gradient is None else buffer.copy_(gradient)
                for buffer, gradient in zip(self._buffers, gradients, strict=True)
            ]
        else:
            gradients = [
                None if gradient is None else gradient.to(self.dtype, copy=True)
                for gradient in gradients
            ]
        with default_dtype(self.dtype):
            if self._arithmetic is None:
                self._step(gradients, **changed)
            else:
                self._disturbed_step(gradients, changed)

    def _disturbed_step(self, gradients, changed):
        if self._gain:
            gradients = self._gain.disturb(gradients, self.values, self._arithmetic)
        changed = {name: disturb(value, self._arithmetic) for name, value in changed.items()}
        for group in self._step.hyperparameters():
            for name in sorted(group.keys() - {"params"}):  # always disturbed in the same order
                group[name] = disturb(group[name], self._arithmetic)
        with self._arithmetic:
            self._step(gradients, **changed)


def trace(source, makers, reference, changes, seeds, *, runs=RUNS, closed_loop=False):
    """Measure how far rules are from a reference, iteration by iteration.

    Parameters
    ----------
    source : Training, or another source of gradients
    makers, reference, changes, seeds, runs, closed_loop
        See `compare`.

    Returns
    -------
    pandas.DataFrame
        A row for each iteration and the place: `variant`, `dtype`, `loop`, `iteration`.
        `identical`: whether all parameters of
        all seeds and runs have the same bits; `difference`: the largest one, relative to the
        largest magnitude in its tensor; `bound`: the smallest bound of the formula of all tensors,
        relative in the same way; `share_of_bound`: the largest ratio of a difference to its
        tensor's bound; `share_of_way`: that of a difference beyond the bound to the sum of the
        largest steps; `share`: the largest ratio to the tolerance, which is the bound here, and
        wider where `compare` finds an envelope; `envelope`; `seed`, `run` and `tensor`: where that
        ratio occurs; `vanished`: whether the gradients had vanished. The rows end early if the
        reference is no longer finite.
    """
    replayed = {
        (variant, dtype, run): Network(
            source.initial, makers[variant], DTYPES[dtype], reuse=source.reuse
        )
        for variant, dtype, run in itertools.product(makers, DTYPES, runs)
        if variant != reference or run == runs[0]
    }
    theirs = {dtype: replayed[reference, dtype, runs[0]] for dtype in DTYPES}
    leader = theirs["float32"]
    # one seed is enough to show how training amplifies rounding: the closed loop gets no verdict
    first_seed = [tensor[:1] for tensor in source.initial]
    closed = {
        (variant, dtype): Network(first_seed, makers[variant], DTYPES[dtype])
        for variant, dtype in itertools.product(makers, DTYPES if closed_loop else ())
    }
    pairs = {}
    for variant, dtype in itertools.product(makers.keys() - {reference}, DTYPES):
        if closed_loop:
            pairs[variant, dtype, "closed"] = [(closed[variant, dtype], closed[reference, dtype])]
        pairs[variant, dtype, "replay"] = [
            (replayed[variant, dtype, run], theirs[dtype]) for run in runs
        ]
    measure = _Measure(pairs, theirs, {"run": runs, "tensor": source.names, "seed": seeds})
    at_once = max(1, _NUMBERS_AT_ONCE // sum(tensor.numel() for tensor in leader.values))
    for start in range(0, len(changes), at_once):
        paths = {network: [] for network in [*replayed.values(), *closed.values()]}
        vanished, error = [], None
        try:
            for changed in changes[start : start + at_once]:
                gradients = source.gradients(leader)
                for network in replayed.values():
                    network.step(gradients, changed)
                for network in closed.values():
                    network.step(source.at(network), changed)
                vanished.append(source.vanished)
                for network, path in paths.items():
                    path.append(network.path() if at_once == 1 else _copied(network.path()))
        except Exception as raised:
            error = raised
        if vanished:
            measure.add({network: _joined(path) for network, path in paths.items()}, vanished)
        if not measure.all_finite:  # which may be why something was raised
            break
        if error:
            raise error
    return measure.table()


def _copied(path):
    return [tensor.clone() for tensor in path]


def _joined(paths):
    """Join the paths of several iterations; measured: a copy of a single one takes long."""
    if len(paths) == 1:
        return paths[0]
    return [torch.cat(tensors) for tensors in zip(*paths, strict=True)]


class _Measure:
    """Measures how far apart the two networks of each pair are; there is one pair per run.

    Parameters
    ----------
    pairs : dict
        Maps each variant, dtype and loop to its pairs of networks, ours and the reference.
    references : dict
        Maps each dtype to the network that the formula accounts for.
    names : dict
        Maps `run`, `tensor` and `seed` to how these are called in the rows.

    Attributes
    ----------
    all_finite : bool
        Whether the references have been finite so far.
    """

    def __init__(self, pairs, references, names):
        self._pairs, self._references, self._names = pairs, references, names
        self._formulas = {dtype: Formula(network.path()) for dtype, network in references.items()}
        self._rows, self._done, self.all_finite = [], 0, True

    def add(self, paths, vanished):
        """Measure more iterations, up to one where a reference is not finite.

        Parameters
        ----------
        paths : dict
            Maps each network to its path, see `descent.parity.tolerance.Formula`.
        vanished : list of bool
            Whether the gradients had vanished, in each iteration.
        """
        n = len(vanished)
        for dtype, formula in self._formulas.items():
            formula.advance(paths[self._references[dtype]])
            n = min(n, int(formula.scale.isfinite().flatten(1).all(1).int().cumprod(0).sum()))
        self.all_finite = n == len(vanished)
        for (variant, dtype, loop), networks in self._pairs.items():
            place = {"variant": variant, "dtype": dtype, "loop": loop, "envelope": NO_ENVELOPE}
            rows = {name: np.full(n, value, object) for name, value in place.items()}
            rows["iteration"] = np.arange(self._done + 1, self._done + n + 1)
            rows["vanished"] = np.array(vanished[:n], bool)
            self._rows.append(rows | self._apart(networks, paths, self._formulas[dtype], n))
        self._done += n

    def table(self):
        """Return all rows, see `trace`."""
        # measured: concatenating as many tables takes as long as half of a replay
        return pd.DataFrame(
            {name: np.concatenate([rows[name] for rows in self._rows]) for name in self._rows[0]}
        )

    def _apart(self, pairs, paths, formula, n):
        """Compute the other columns of n rows."""
        distance = torch.stack(
            [distances(paths[ours], paths[theirs])[:n] for ours, theirs in pairs], 1
        )
        scale, bound, way = (
            values[:n, None, :, : distance.shape[3]]
            for values in (formula.scale, formula.bound, formula.way)
        )
        share = torch.where(distance <= OF_ZEROS, 0.0, distance / bound)
        flat = share.flatten(1).numpy()  # its argmax is five times as fast as torch's
        largest = flat.argmax(1)
        places = np.unravel_index(largest, share.shape[1:])
        columns = {
            "identical": ~distance.flatten(1).any(1).numpy(),
            "difference": _largest(torch.where(distance == 0, 0.0, distance / scale)),
            "bound": -_largest(-bound / scale),
            "share_of_bound": flat[np.arange(n), largest],
            "share_of_way": _largest(torch.where(share > 1, distance / way, 0.0)),
            "share": flat[np.arange(n), largest],
        }
        return columns | {
            name: np.array(self._names[name], object if name == "tensor" else int)[place]
            for name, place in zip(("run", "tensor", "seed"), places, strict=True)
        }


def _largest(values):
    """Return the largest value of each iteration."""
    return values.flatten(1).amax(1).numpy()
