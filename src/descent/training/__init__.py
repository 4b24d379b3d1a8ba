"""Training: several seeds of one variant, stacked and trained together.

In: prepared tensors, an optimizer and `settings`. Out: a `run.Run` per seed, with the loss and
accuracy of every mini-batch and epoch, and the final parameters.

`seeding` derives the random streams, `epoch` makes the mini-batches and their gradients, `loop`
trains epoch by epoch, and `checkpoint` saves the progress.
"""
