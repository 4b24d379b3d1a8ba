"""The limit: only the eight matrix products of an iteration, by torch.mm or in part by oneDNN.

Three are the forward pass; the others are the gradients of each layer's weight and, except in the
first layer, of its input. As in `descent.model`, activations are columns, which measured faster
than rows.
"""

import numpy as np
import torch

from descent.layer import products
from engines import BATCH_SIZE, initial_layers, training_arrays


def prepare(folder, momentum, onednn=False):
    """Compute the products for all mini-batches, in file order; nothing is learned.

    With `onednn`, the two large ones are computed as in `descent.layer`.
    """
    images, _ = training_arrays(folder)
    batches = torch.from_numpy(images).split(BATCH_SIZE)
    w0, w1, w2 = (torch.from_numpy(weight) for weight, _ in initial_layers())
    buffers = {
        size: [torch.ones(rows, size) for rows in (100, 100, 10, 100, 100)]
        for size in {len(batch) for batch in batches}
    }
    gradients = [torch.empty_like(weight) for weight in (w0, w1, w2)]

    def epoch():
        for batch in batches:
            hidden0, hidden1, logits, to_hidden1, to_hidden0 = buffers[len(batch)]
            if onednn:
                hidden0 = products(w0[None], batch.T[None])[0]
            else:
                torch.mm(w0, batch.T, out=hidden0)
            torch.mm(w1, hidden0, out=hidden1)
            torch.mm(w2, hidden1, out=logits)
            torch.mm(logits, hidden1.T, out=gradients[2])
            torch.mm(w2.T, logits, out=to_hidden1)
            torch.mm(to_hidden1, hidden0.T, out=gradients[1])
            torch.mm(w1.T, to_hidden1, out=to_hidden0)
            if onednn:
                products(to_hidden0[None], batch[None])
            else:
                torch.mm(to_hidden0, batch, out=gradients[0])
        return np.full((2, len(batches)), np.nan)

    return epoch, None
