"""AdaFactor and CAME with ams_bound=True divide by the fourth root of the second moment.

If the gradient is always the same, no second moment shrinks: its maximum is itself, and AMSGrad
takes the steps that it would take without.
"""

import pytorch_optimizer
import torch

alone = {"AdaFactor": {"scale_parameter": False, "relative_step": False}, "CAME": {}}
for name, options in alone.items():
    for bound in (True, False):
        w = torch.nn.Parameter(torch.ones(2))
        make = getattr(pytorch_optimizer, name)
        optimizer = make([w], lr=0.1, ams_bound=bound, **options)
        w.grad = torch.tensor([1.0, 4.0])
        optimizer.step()
        first, second = (1 - w.detach()).tolist()
        word = "got" if bound else "without ams_bound"
        print(f"{name}: {word} ratio {second / first:.3f} paper 1.000")
