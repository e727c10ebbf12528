"""Steps along gradients: Adam as PyTorch takes them, Muon as its paper says."""

from __future__ import annotations

import math
import subprocess
import sys

import torch

from lincodec.encoder.linc.optimisers import Adam, Muon


def test_adam_steps_as_pytorch_does() -> None:
    start = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    ours, theirs = (start.clone().requires_grad_(True) for _ in range(2))
    other = torch.optim.Adam([theirs], betas=(0.9, 0.99))
    adam = Adam([ours])
    for index in range(40):
        rate = 0.02 / (1 + index)
        for tensor in (ours, theirs):
            ((tensor - 1) ** 4).sum().backward()
        adam.step(rate)
        other.param_groups[0]["lr"] = rate
        other.step()
        other.zero_grad()
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-7)
    assert ours.grad is None


def test_muon_steps_have_singular_values_near_one() -> None:
    tensor = torch.zeros(6, 4, 3, 3, requires_grad=True)
    gradient = torch.randn(tensor.shape, generator=torch.Generator().manual_seed(1))
    tensor.grad = gradient.clone()
    Muon([tensor]).step(0.5)
    step = -tensor.detach().flatten(1) / (0.5 * 0.2 * math.sqrt(36))
    values = torch.linalg.svdvals(step)
    assert values.min() > 0.5
    assert values.max() < 1.3
    assert float((step * gradient.flatten(1)).sum()) > 0


def test_no_compiler_is_loaded() -> None:
    code = (
        "import sys, torch; from lincodec.encoder.linc.optimisers import Adam, Muon; "
        "t = torch.zeros(2, 2, requires_grad=True); "
        "[(t.sum().backward(), o.step(0.1)) for o in (Adam([t]), Muon([t]))]; "
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
