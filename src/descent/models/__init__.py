"""Networks of one file each, to train with `model: {module: descent.models.<name>}`.

In: images (images, channels, height, width), float32. Out: logits (images, classes).
"""
