"""Muon (Jordan et al., 2024): momentum made orthogonal by Newton-Schulz steps; for matrices, also stacked ones."""

from collections import defaultdict

import torch

from .machine import FAST


def orthogonal(gradient):
    x = gradient.to(FAST)
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Matrices of one shape move together."""

    def __init__(self, params, lr, momentum=0.95, decay=0.01):
        by_shape = defaultdict(list)
        for p in params:
            by_shape[p.shape].append(p)
        super().__init__([dict(params=alike) for alike in by_shape.values()], dict(lr=lr, momentum=momentum, decay=decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            params = group["params"]
            gradients = torch.stack([p.grad for p in params])
            mean = self.state[params[0]].setdefault("mean", torch.zeros_like(gradients))
            mean.lerp_(gradients, 1 - group["momentum"])
            updates = orthogonal(gradients.lerp(mean, group["momentum"]))
            scale = max(1, updates.shape[-2] / updates.shape[-1]) ** 0.5
            torch._foreach_mul_(params, 1 - group["lr"] * group["decay"])
            torch._foreach_add_(params, list(updates), alpha=-group["lr"] * scale)
