"""
Write forwards.json: what PyTorch's modules and losses compute, to be equalled by ours with the same weights.

    pip install torch && python tests/data/make_forwards.py
"""

import json
from pathlib import Path

ACTIVATIONS = {
    "relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "gelu", "silu": "silu", "elu": "elu", "selu": "selu",
    "softplus": "softplus", "mish": "mish", "leaky_relu": "leaky_relu", "hardtanh": "hardtanh", "softsign": "softsign",
    "log_sigmoid": "logsigmoid",
}  # fmt: skip
EXTREME = [-1000.0, -30.0, -1.0, 0.0, 0.5, 40.0, 1000.0]


def losses(torch, draw):
    """Compute the losses."""
    functional = torch.nn.functional
    logits, targets = draw(4, 3), [0, 2, 1, 2]
    soft = functional.softmax(draw(4, 3), -1)
    classes = {"logits": logits.tolist(), "targets": targets, "soft": soft.tolist()}
    hard = torch.tensor(targets)
    for reduction in ("mean", "sum", "none"):
        classes |= {
            reduction: functional.cross_entropy(logits, hard, reduction=reduction).tolist(),
            f"soft {reduction}": functional.cross_entropy(logits, soft, reduction=reduction).tolist(),
            f"smooth {reduction}": functional.cross_entropy(
                logits, hard, reduction=reduction, label_smoothing=0.1
            ).tolist(),
            f"soft smooth {reduction}": functional.cross_entropy(
                logits, soft, reduction=reduction, label_smoothing=0.1
            ).tolist(),
        }
    apart = torch.tensor([[1000.0, -1000.0, 0.0], [1e4, 1e4, 1e4]])
    classes["extreme"] = functional.cross_entropy(apart, torch.tensor([1, 0]), reduction="none").tolist()

    predictions, wanted = draw(5, 2), draw(5, 2)
    signs, shares = torch.sign(wanted), torch.sigmoid(wanted)
    simple = {
        "predictions": predictions.tolist(), "targets": wanted.tolist(), "signs": signs.tolist(),
        "shares": shares.tolist(),
    }  # fmt: skip
    for reduction in ("mean", "sum", "none"):
        simple[reduction] = {
            "mse": functional.mse_loss(predictions, wanted, reduction=reduction).tolist(),
            "mae": functional.l1_loss(predictions, wanted, reduction=reduction).tolist(),
            "huber": functional.huber_loss(predictions, wanted, reduction=reduction, delta=0.7).tolist(),
            "bce_with_logits": functional.binary_cross_entropy_with_logits(
                predictions, shares, reduction=reduction
            ).tolist(),
        }
    margins = torch.relu(1 - signs * predictions)
    simple["none"]["hinge"] = margins.tolist()
    simple["mean"]["hinge"] = margins.mean().item()
    simple["sum"]["hinge"] = margins.sum().item()
    ones = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    simple["extreme bce_with_logits"] = functional.binary_cross_entropy_with_logits(
        torch.tensor(EXTREME), ones, reduction="none"
    ).tolist()
    return {"cross entropy": classes, "losses": simple}


def main():
    """Let torch compute, and write what it gives."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)

    def draw(*shape):
        return torch.randn(*shape) * 1.5

    def weights(module):
        return {name: value.tolist() for name, value in module.state_dict().items() if "num_batches" not in name}

    def randomised(module):
        for parameter in module.parameters():
            nn.init.normal_(parameter)
        return module

    x = draw(5, 3)
    found = {"torch": torch.__version__, "x": x.tolist(), "extreme": EXTREME}

    linear = randomised(nn.Linear(3, 2))
    found["linear"] = {**weights(linear), "out": linear(x).tolist()}
    bare = randomised(nn.Linear(3, 2, bias=False))
    found["linear without bias"] = {**weights(bare), "out": bare(x).tolist()}
    found["layers"] = {ours: getattr(functional, theirs)(linear(x)).tolist() for ours, theirs in ACTIVATIONS.items()}
    extreme = torch.tensor(EXTREME)
    found["activations"] = {ours: getattr(functional, theirs)(extreme).tolist() for ours, theirs in ACTIVATIONS.items()}
    found["activations"] |= {
        "gelu_tanh": functional.gelu(extreme, approximate="tanh").tolist(),
        "softmax": functional.softmax(extreme, -1).tolist(),
        "log_softmax": functional.log_softmax(extreme, -1).tolist(),
    }
    found["options"] = {
        "leaky_relu 0.2": functional.leaky_relu(extreme, 0.2).tolist(),
        "elu 0.5": functional.elu(extreme, 0.5).tolist(),
    }

    for name, module in (("layer norm", nn.LayerNorm(3)), ("rms norm", nn.RMSNorm(3))):
        found[name] = {**weights(randomised(module)), "out": module(x).tolist()}
    batch = randomised(nn.BatchNorm1d(3, momentum=0.3))
    found["batch norm"] = {"weight": batch.weight.tolist(), "bias": batch.bias.tolist(), "out": batch(x).tolist()}
    batch(2 * x + 1)
    batch.eval()
    found["batch norm"] |= {
        "running_mean": batch.running_mean.tolist(),
        "running_var": batch.running_var.tolist(),
        "eval": batch(x).tolist(),
    }
    embedding = nn.Embedding(4, 3)
    found["embedding"] = {**weights(embedding), "out": embedding(torch.tensor([[0, 3], [1, 1]])).tolist()}
    net = randomised(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 4), nn.Linear(4, 2)))
    hidden = net[2](net[1](net[0](x)))
    found["net"] = {**weights(net), "out": net[4](hidden + net[3](hidden)).tolist()}

    found |= losses(torch, draw)
    text = json.dumps(found).replace('}, "', '},\n"').replace(']], "', ']],\n"')
    Path(__file__).with_name("forwards.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
