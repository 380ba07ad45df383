"""Records goldens/mixtures.json: mixtures of experts of Hugging Face's transformers, with their losses and gradients.

transformers 5 (its version is in the file) and PyTorch 2.15, on a CPU: python3 -m pip install torch transformers
Run it in this folder: python3 record.py
"""

import json

import torch
import transformers
from transformers import MixtralConfig, SwitchTransformersConfig
from transformers.models.mixtral import modeling_mixtral as mixtral
from transformers.models.switch_transformers import modeling_switch_transformers as switch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
torch.Tensor.float = torch.Tensor.double  # Mixtral's router computes its softmax in .float()
batch, time, width, hidden, experts = 2, 9, 6, 10, 4


def listed(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def record(block, x, router, matrices, losses):
    """Output, losses and gradients; `matrices` turns the block's experts into [experts, inputs, outputs] by name."""
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    x = x.clone().requires_grad_()
    weights = torch.randn(x.shape)
    y = block(x.clone())
    logits = torch.nn.functional.linear(x, router.weight)
    (y * weights).sum().backward(retain_graph=True)
    gradients = {"x": listed(x.grad), "router": listed(router.weight.grad)}
    gradients |= {name: listed(own) for name, own in matrices(block, lambda parameter: parameter.grad).items()}
    for parameter in [x, *block.parameters()]:
        parameter.grad = None
    balancing, z = losses(logits)
    (balancing + z).backward()
    return {
        "x": listed(x),
        "weights": listed(weights),
        "router": listed(router.weight),
        "experts": {name: listed(own) for name, own in matrices(block, lambda parameter: parameter).items()},
        "y": listed(y),
        "balancing": balancing.item(),
        "z": z.item(),
        "gradients": gradients,
        "gradientsOfLosses": {"x": listed(x.grad), "router": listed(router.weight.grad)},
    }


def mixtral_case(per_token):
    config = MixtralConfig(
        hidden_size=width, intermediate_size=hidden, num_local_experts=experts, num_experts_per_tok=per_token
    )
    block = mixtral.MixtralSparseMoeBlock(config)

    def matrices(block, read):
        gate, up = read(block.experts.gate_up_proj).chunk(2, dim=1)
        down = read(block.experts.down_proj)
        return {"expand": gate.transpose(1, 2), "gate": up.transpose(1, 2), "contract": down.transpose(1, 2)}

    def losses(logits):
        flat = logits.reshape(-1, experts)
        # Theirs is the number of experts per token when balanced; the paper's and ours is 1.
        balancing = mixtral.load_balancing_loss_func((flat,), experts, per_token) / per_token
        return balancing, switch.router_z_loss_func(logits)

    return record(block, torch.randn(batch, time, width), block.gate, matrices, losses)


def switch_case(capacity):
    config = SwitchTransformersConfig(
        d_model=width,
        d_ff=hidden,
        num_experts=experts,
        expert_capacity=capacity,
        dropout_rate=0.0,
        router_jitter_noise=0.0,
    )
    block = switch.SwitchTransformersSparseMLP(config)
    block.router.dtype = torch.float64

    def matrices(block, read):
        each = [block.experts[f"expert_{i}"] for i in range(experts)]
        # An expert that no token chose has no gradient there, and zeros here.
        own = lambda p: torch.zeros_like(p) if read(p) is None else read(p)
        return {
            "expand": torch.stack([own(expert.wi.weight).T for expert in each]),
            "contract": torch.stack([own(expert.wo.weight).T for expert in each]),
        }

    def losses(logits):
        probabilities = torch.softmax(logits, -1)
        balancing = switch.load_balancing_loss_func(probabilities, probabilities.argmax(-1))
        return balancing, switch.router_z_loss_func(logits)

    # One sequence, because theirs counts the capacity of each sequence, and the paper that of the batch.
    return record(block, torch.randn(1, batch * time, width), block.router.classifier, matrices, losses)


goldens = {
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "mixtralTwoOfFour": mixtral_case(2),
    "switchWithoutLimit": switch_case(batch * time),
    "switchWithCapacityOfFour": switch_case(4),
}
with open("goldens/mixtures.json", "w") as file:
    json.dump(goldens, file)
