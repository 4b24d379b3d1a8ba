"""Arguments of `descent check`, as a user would type them."""

#: Compares momentum with torch's.
MOMENTUM = ["--against", "torch.optim.SGD", "--set", "lr=0.01", "--set", "momentum=0.9"]
