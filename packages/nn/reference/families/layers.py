import torch
import torch.nn.functional as F
from recording import Family, leaf, whole, with_masks
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5DenseGatedActDense

nn = torch.nn
family = Family("layers", 3)
record, module = family.record, family.module

x, weight, bias = leaf(2, 3, 4), leaf(5, 4), leaf(5)
record("linear", F.linear(x, weight, bias), {"x": x, "weight": weight, "bias": bias})

weight, tokens = leaf(6, 3), whole([[1, 5, 1], [0, 1, 4]])
record("embedding", F.embedding(tokens, weight), {"weight": weight}, {"tokens": tokens})

x, weight, bias = leaf(3, 7), leaf(7), leaf(7)
record("layerNorm", F.layer_norm(x, [7], weight, bias, 1e-5), {"x": x, "weight": weight, "bias": bias})

x, weight = leaf(3, 7), leaf(7)
record("rmsNorm-epsilon", F.rms_norm(x, [7], weight, 1e-5), {"x": x, "weight": weight})

x = leaf(3, 4)
network = {
    "expand.weight": leaf(16, 4),
    "expand.bias": leaf(16),
    "contract.weight": leaf(4, 16),
    "contract.bias": leaf(4),
}
hidden = F.gelu(F.linear(x, network["expand.weight"], network["expand.bias"]))
record("feedForward", F.linear(hidden, network["contract.weight"], network["contract.bias"]), {"x": x, **network})

x = leaf(3, 4)
network = {"gate.weight": leaf(6, 4), "expand.weight": leaf(6, 4), "contract.weight": leaf(4, 6)}
hidden = F.silu(F.linear(x, network["gate.weight"])) * F.linear(x, network["expand.weight"])
record("gatedFeedForward", F.linear(hidden, network["contract.weight"]), {"x": x, **network})

module("bilinear", nn.Bilinear(3, 4, 2), {"left": leaf(5, 3), "right": leaf(5, 4)})
module("prelu", nn.PReLU(), {"x": leaf(3, 4)})
module("prelu-channels", nn.PReLU(3, init=0.1), {"x": leaf(2, 3, 4)})
module("sequential", nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 2)), {"x": leaf(5, 3)})

module("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), {"x": leaf(2, 4, 9)})
module("conv1d-same", nn.Conv1d(2, 3, 4, padding="same", bias=False), {"x": leaf(2, 2, 7)})
module("conv2d", nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)), {"x": leaf(2, 2, 5, 6)})
module("conv2d-depthwise", nn.Conv2d(3, 3, 3, padding=1, groups=3), {"x": leaf(1, 3, 4, 4)})
module(
    "convTranspose1d",
    nn.ConvTranspose1d(4, 6, 3, stride=3, padding=1, output_padding=1, dilation=2, groups=2),
    {"x": leaf(2, 4, 4)},
)
module(
    "convTranspose2d",
    nn.ConvTranspose2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), output_padding=(1, 0)),
    {"x": leaf(2, 2, 3, 4)},
)

module("batchNorm1d", nn.BatchNorm1d(3), {"x": leaf(6, 3)})
trained = nn.BatchNorm2d(3, momentum=0.3, eps=1e-3)
with torch.no_grad():
    for value in [trained.weight, trained.bias, trained.running_mean]:
        value.copy_(torch.randn(3))
    trained.running_var.copy_(torch.rand(3) + 0.5)
x = leaf(2, 3, 2, 4)
module("batchNorm2d", trained, {"x": x})
family.tensors |= {
    f"batchNorm2d/after/{name}": value.clone()
    for name, value in trained.state_dict().items()
    if name.startswith("running")
}
module("batchNorm2d-eval", trained.eval(), {"x": leaf(2, 3, 2, 4)})
group = nn.GroupNorm(2, 4)
torch.nn.init.normal_(group.weight)
torch.nn.init.normal_(group.bias)
module("groupNorm", group, {"x": leaf(2, 4, 3, 2)})

zeros = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0, 8.0])
activations = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2),
    "elu": lambda x: F.elu(x, 1.5),
    "gelu": F.gelu,
    "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "glu": F.glu,
    "reglu": lambda x: x.chunk(2, -1)[0] * F.relu(x.chunk(2, -1)[1]),
    "geglu": lambda x: x.chunk(2, -1)[0] * F.gelu(x.chunk(2, -1)[1]),
    "swiglu": lambda x: x.chunk(2, -1)[0] * F.silu(x.chunk(2, -1)[1]),
    "temperatureSoftmax": lambda x: F.softmax(x / 0.7, -1),
    "maxPool": lambda x: F.max_pool1d(x[:, None], 3, 2, 1)[:, 0],
    "averagePool": lambda x: F.avg_pool1d(x[:, None], 3, 2, 1)[:, 0],
    "adaptiveAveragePool": lambda x: F.adaptive_avg_pool1d(x[:, None], 4)[:, 0],
    "adaptiveMaxPool": lambda x: F.adaptive_max_pool1d(x[:, None], 4)[:, 0],
}
for name, activation in activations.items():
    x = torch.cat([zeros[None], torch.randn(2, 6)]).requires_grad_()
    record(name, activation(x), {"x": x})
x = leaf(1, 2, 5, 7)
record("adaptiveAveragePool2d", F.adaptive_avg_pool2d(x, (2, 3)), {"x": x})
x = leaf(1, 2, 5, 7)
record("adaptiveMaxPool2d", F.adaptive_max_pool2d(x, (2, 3)), {"x": x})

small = 1e-3 * torch.tensor([[1.0], [0.1], [0.0]])  # so small that the default epsilon weighs
module("rmsNorm", nn.RMSNorm(7), {"x": (small * torch.randn(3, 7)).requires_grad_()})
module("layerNorm-unbiased", nn.LayerNorm(7, bias=False), {"x": leaf(3, 7)})
module("embedding-padding", nn.Embedding(6, 3, padding_idx=4), {"tokens": whole([[1, 4, 1], [0, 1, 4]])})
masks = {}
config = T5Config(d_model=4, d_ff=6, dropout_rate=0.4, feed_forward_proj="gated-silu")
gated = T5DenseGatedActDense(config)
x, names = leaf(3, 4), {"wi_0": "gate", "wi_1": "expand", "wo": "contract"}
record(
    "gatedFeedForward-dropout",
    with_masks(lambda m, x: m(x), masks, {"dropout": "dropout"})(gated, x),
    {"x": x, **{f"{names[name.split('.')[0]]}.weight": own for name, own in gated.named_parameters()}},
    masks,
)

family.save()
