"""Training: a stack of seeds of one variant, trained together.

In: prepared tensors, an optimizer, `settings`. Out: a `run.Run` for each seed, with the loss and
accuracy of every mini-batch and epoch and the final parameters.

`seeding` derives the random streams, `epoch` has the mini-batches and their gradients, `loop` trains
epoch by epoch, `checkpoint` keeps the progress.
"""
