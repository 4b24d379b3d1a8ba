"""`descent check`, called as a user calls it."""

#: Momentum against torch's.
MOMENTUM = ["--against", "torch.optim.SGD", "--set", "lr=0.01", "--set", "momentum=0.9"]
