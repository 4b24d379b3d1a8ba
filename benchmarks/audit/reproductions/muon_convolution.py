"""muon.SingleDeviceMuon means to take convolutions, and fails on them."""

import muon
import torch

weight = torch.nn.Parameter(torch.zeros(8, 4, 3, 3))
weight.grad = torch.ones(8, 4, 3, 3)
try:
    muon.SingleDeviceMuon([weight]).step()
    print("got a step of shape", tuple(weight.shape))
except RuntimeError as error:
    print("got", error)
print("paper: a step of shape", tuple(weight.shape))
