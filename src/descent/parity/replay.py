"""Replay: whether two update rules take the same steps when they receive the same gradients.

Training amplifies rounding: after an epoch, two correct implementations may be far apart. Here the
reference trains, and every rule receives the gradients of that training, whatever its own
parameters are. So any difference comes from the rule itself, and rounding stays within a bound.

Let u be the unit roundoff and k the number of roundings per iteration, with maxima taken over the
elements of a tensor. By iteration t, a correct rule has rounded the parameters w_s of each
iteration s <= t at most k times, and each step is a sum of contributions that were rounded at most
k s times. Hence

    |w - w_exact| <= k u sum_{s <= t} (|w_s| + s D_s),    D_s = max_{r <= s} |w_r - w_{r-1}|

to first order in u (Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapter 3), as
long as a step's contributions do not cancel to much less than the largest step so far. Two correct
rules differ by at most twice that.
"""

import contextlib
import itertools

import pandas as pd
import torch

from descent import model
from descent.data.prepared import hold_out
from descent.training.epoch import differentiate, mini_batches
from descent.training.seeding import PURPOSES, generator, stream_variant, validation_generator

#: Roundings per element and iteration that the bound allows for; Adam, written out, has 11.
ROUNDINGS = 16

#: The precisions to compare in: a wrong rule shows in float64, a careless one in float32.
DTYPES = {"float32": torch.float32, "float64": torch.float64}

#: Every rule runs twice in one process, so that what one run leaves behind affects the other.
RUNS = (1, 2)

_SEEDS_AT_ONCE = 5


def replay(
    data,
    makers,
    reference,
    seeds,
    *,
    training,
    iterations,
    schedule=None,
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
        The variant whose training, the same as in its own runs, provides the gradients.
    seeds : list of int
    training : descent.training.settings.TrainingSettings
    iterations : int
    schedule : list of dict, optional
        For each iteration, the hyperparameters that change, such as `{"lr": 0.001}`.
    closed_loop : bool
        Whether every rule also trains on its own gradients. This takes about half of the time.

    Returns
    -------
    pandas.DataFrame
        A row for each other variant, dtype (`float32`, `float64`), loop and iteration. The loop is
        `replay`, or `closed`, where every rule follows its own gradients from the same start, with
        the same mini-batches. `identical`: whether all parameters of all seeds and runs have the
        same bits; `difference`: the largest one, relative to the largest magnitude in its tensor;
        `bound`: the smallest rounding bound of all tensors, relative in the same way;
        `share_of_bound`: the largest ratio of a difference to its tensor's bound; `seed`, `run` and
        `tensor`: where that ratio occurs. The rows end early if the reference is no longer finite.
    """
    torch.set_num_threads(training.threads)
    root_seed = training.root_seed
    data = hold_out(data, training.validation_fraction, validation_generator(root_seed))
    sizes = model.layer_sizes(data.train_images.shape[1], training.hidden, data.n_classes)
    streams = stream_variant(reference, training.seeding)
    traces = []
    for start in range(0, len(seeds), _SEEDS_AT_ONCE):
        block = seeds[start : start + _SEEDS_AT_ONCE]
        initial, orders = (
            [generator(root_seed, purpose, streams, seed) for seed in block] for purpose in PURPOSES
        )
        batches = itertools.chain.from_iterable(
            mini_batches(data, orders, training.batch_size) for _ in itertools.count()
        )
        changes = schedule or itertools.repeat({})
        traces += _trace(
            model.initialize(sizes, initial),
            makers,
            reference,
            itertools.islice(zip(batches, changes, strict=False), iterations),
            block,
            closed_loop,
        )
    return _worst_over_blocks(pd.DataFrame(traces))


def halved(lr, iterations):
    """Make the schedule that halves the learning rate after half of the iterations."""
    return [{"lr": lr if 2 * done < iterations else lr / 2} for done in range(iterations)]


def _worst_over_blocks(trace):
    places = ["variant", "dtype", "loop", "iteration"]
    worst = trace.sort_values(["identical", "share_of_bound"], ascending=[True, False])
    worst = worst.drop_duplicates(places).sort_values(places, ignore_index=True)
    extremes = trace.groupby(places).agg({"difference": "max", "bound": "min"})
    return worst.drop(columns=extremes.columns).join(extremes, on=places)


class _Network:
    """Parameters together with the rule that updates them."""

    def __init__(self, initial, maker, dtype):
        self._dtype = dtype
        self.trained = [tensor.detach().to(dtype, copy=True).requires_grad_() for tensor in initial]
        self.values = [tensor.detach() for tensor in self.trained]
        with _default_dtype(dtype):
            self._step = maker(self.trained)

    def gradients(self, images, labels):
        """Compute gradients on the mini-batches of the seeds in this network's stack."""
        n_seeds = len(self.trained[0])
        return differentiate(self.trained, images[:n_seeds].to(self._dtype), labels[:n_seeds])[1]

    def step(self, gradients, changed):
        gradients = [gradient.to(self._dtype, copy=True) for gradient in gradients]
        with _default_dtype(self._dtype):
            self._step(gradients, **changed)


@contextlib.contextmanager
def _default_dtype(dtype):
    """Make torch's optimizers keep their scalars, such as NAdam's products, in this dtype, too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class _Bound:
    """The rounding bound, (tensors, seeds), accumulated over the reference's iterations."""

    def __init__(self, network):
        self._unit = torch.finfo(network.values[0].dtype).eps / 2
        self._network = network
        self._iteration = 0
        self._before = [tensor.clone() for tensor in network.values]
        self._sum = self._largest_step = torch.zeros(())

    def advance(self):
        """Account for one more iteration; return the magnitudes and the bound."""
        self._iteration += 1
        scale = _magnitudes(self._network.values)
        steps = [now.sub(old) for now, old in zip(self._network.values, self._before, strict=True)]
        self._largest_step = torch.maximum(self._largest_step, _magnitudes(steps))
        self._sum = self._sum + scale + self._iteration * self._largest_step
        for old, now in zip(self._before, self._network.values, strict=True):
            old.copy_(now)
        return scale, 2 * ROUNDINGS * self._unit * self._sum


def _magnitudes(tensors):
    """Compute the largest magnitude of every tensor and seed: (tensors, seeds), float64."""
    return torch.stack([_largest(tensor) for tensor in tensors]).double()


def _largest(tensor):
    """Compute the largest magnitude of every seed; measured: twice as fast as abs and maximum."""
    flat = tensor.flatten(1)
    return torch.maximum(flat.amax(1), -flat.amin(1))


def _trace(initial, makers, reference, steps, seeds, closed_loop):
    """Yield the rows of `replay` for one stack of seeds."""
    replayed = {
        (variant, dtype, run): _Network(initial, makers[variant], DTYPES[dtype])
        for variant, dtype, run in itertools.product(makers, DTYPES, RUNS)
    }
    leader = replayed[reference, "float32", RUNS[0]]
    # one seed is enough to show how training amplifies rounding: the closed loop gets no verdict
    first_seed = [tensor[:1] for tensor in initial]
    closed = {
        (variant, dtype): _Network(first_seed, makers[variant], DTYPES[dtype])
        for variant, dtype in itertools.product(makers, DTYPES if closed_loop else ())
    }
    pairs = {}
    for variant, dtype in itertools.product(makers.keys() - {reference}, DTYPES):
        if closed_loop:
            pairs[variant, dtype, "closed"] = [(closed[variant, dtype], closed[reference, dtype])]
        pairs[variant, dtype, "replay"] = [
            (replayed[variant, dtype, run], replayed[reference, dtype, run]) for run in RUNS
        ]
    bounds = {dtype: _Bound(replayed[reference, dtype, RUNS[0]]) for dtype in DTYPES}
    names = model.names(initial)
    for iteration, ((images, labels), changed) in enumerate(steps, 1):
        gradients = leader.gradients(images, labels)
        for network in replayed.values():
            network.step(gradients, changed)
        for network in closed.values():
            network.step(network.gradients(images, labels), changed)
        limits = {dtype: bound.advance() for dtype, bound in bounds.items()}
        if not all(scale.isfinite().all() for scale, _ in limits.values()):
            return
        for (variant, dtype, loop), networks in pairs.items():
            row = {"variant": variant, "dtype": dtype, "loop": loop, "iteration": iteration}
            yield row | _compare(networks, *limits[dtype], seeds, names)


def _compare(pairs, scale, bound, seeds, names):
    """Measure how far apart the two networks of each pair are; there is one pair per run."""
    distance = torch.stack([_distances(ours.values, theirs.values) for ours, theirs in pairs])
    scale, bound = (values[:, : distance.shape[2]] for values in (scale, bound))
    share = torch.where(distance == 0, 0.0, distance / bound)
    run, tensor, seed = (int(index) for index in torch.unravel_index(share.argmax(), share.shape))
    return {
        "identical": not distance.any().item(),
        "difference": torch.where(distance == 0, 0.0, distance / scale).max().item(),
        "bound": (bound / scale).min().item(),
        "share_of_bound": share[run, tensor, seed].item(),
        "seed": seeds[seed],
        "run": RUNS[run],
        "tensor": names[tensor],
    }


def _distances(ours, theirs):
    """Compute the largest difference of every tensor and seed; infinite where ours is not finite.

    It is 0 only for tensors with the same bits: zeros of opposite sign differ by a tiny number.
    """
    bits = {torch.float32: torch.int32, torch.float64: torch.int64}[ours[0].dtype]
    distances = torch.zeros(len(ours), len(ours[0]), dtype=torch.float64)
    for distance, one, other in zip(distances, ours, theirs, strict=True):
        if not torch.equal(one.view(bits), other.view(bits)):
            largest = _largest(one - other).double()
            distance.copy_(largest.nan_to_num(nan=torch.inf).clamp(min=torch.finfo().tiny))
    return distances
