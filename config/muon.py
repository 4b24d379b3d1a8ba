"""Muon as it is used: for the matrices of weights, with AdamW for the biases."""

import torch


class MuonAndAdamW(torch.optim.Optimizer):
    """torch's Muon for parameters with two dimensions, and AdamW for the others."""

    def __init__(self, params, lr, adam_lr=1e-3):
        super().__init__(params, {"lr": lr, "adam_lr": adam_lr})
        params = self.param_groups[0]["params"]
        matrices = [parameter for parameter in params if parameter.ndim == 2]
        others = [parameter for parameter in params if parameter.ndim != 2]
        self.muon = torch.optim.Muon(matrices, lr=lr)
        self.adamw = torch.optim.AdamW(others, lr=adam_lr)

    def step(self, closure=None):
        """Update the parameters with their gradients; a schedule may have changed the rates."""
        [group] = self.param_groups
        self.muon.param_groups[0]["lr"] = group["lr"]
        self.adamw.param_groups[0]["lr"] = group["adam_lr"]
        self.muon.step()
        self.adamw.step()
