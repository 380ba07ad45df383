import torch
import torch.nn.functional as F
from recording import Family, leaf, whole

family = Family("losses", 4)
record = family.record

target = torch.tensor([[0, 4, 2], [1, 1, 3]])
weights = torch.rand(5) + 0.5
variants = {
    "crossEntropy": {},
    "crossEntropy-smooth": {"label_smoothing": 0.2},
    "crossEntropy-ignored": {"ignore_index": 1},
    "crossEntropy-weights": {"weight": weights},
    "crossEntropy-all": {"label_smoothing": 0.1, "ignore_index": 4, "weight": weights},
    "crossEntropy-none": {"label_smoothing": 0.1, "ignore_index": 4, "weight": weights, "reduction": "none"},
    "crossEntropy-sum": {"weight": weights, "ignore_index": 3, "reduction": "sum"},
}
for name, options in variants.items():
    logits = leaf(2, 3, 5)
    y = F.cross_entropy(logits.flatten(0, 1), target.flatten(), **options)
    record(name, y.view(2, 3) if y.ndim else y, {"logits": logits}, {"target": target.int(), "weights": weights})

prediction, target = leaf(4, 3), torch.randn(4, 3)
with torch.no_grad():
    prediction[0, 0] = target[0, 0]
for name, loss in {
    "meanSquaredError": F.mse_loss,
    "meanAbsoluteError": F.l1_loss,
    "huber": F.huber_loss,
    "huber-wide": lambda x, y: F.huber_loss(x, y, delta=0.4),
    "meanSquaredError-sum": lambda x, y: F.mse_loss(x, y, reduction="sum"),
    "huber-none": lambda x, y: F.huber_loss(x, y, reduction="none"),
}.items():
    prediction = prediction.detach().clone().requires_grad_()
    record(name, loss(prediction, target), {"prediction": prediction}, {"target": target})

target, positive = torch.rand(4, 3).round(decimals=1), torch.tensor([0.5, 2.0, 3.0])
for name, options in {
    "binaryCrossEntropy": {},
    "binaryCrossEntropy-weighted": {"pos_weight": positive, "reduction": "none"},
}.items():
    logits = (
        (5 * torch.randn(4, 3)).index_put((torch.tensor([0]), torch.tensor([0])), torch.tensor(0.0)).requires_grad_()
    )
    record(
        name,
        F.binary_cross_entropy_with_logits(logits, target, **options),
        {"logits": logits},
        {"target": target, "positive": positive},
    )

target = torch.softmax(torch.randn(4, 3), -1)
target[0] = torch.tensor([0.0, 1.0, 0.0])
for name, options in {
    "klDivergence": {"reduction": "batchmean"},
    "klDivergence-mean": {"reduction": "mean"},
    "klDivergence-none": {"reduction": "none"},
}.items():
    logits = leaf(4, 3)
    record(name, F.kl_div(F.log_softmax(logits, -1), target, **options), {"logits": logits}, {"target": target})
logits, other = leaf(4, 3), leaf(4, 3)
record(
    "klDivergence-log",
    F.kl_div(F.log_softmax(logits, -1), F.log_softmax(other, -1), reduction="batchmean", log_target=True),
    {"logits": logits, "other": other},
)

TIME, CASES, CLASSES, LABELS = 8, 200, 4, 4
logits = (2 * torch.randn(TIME, CASES, CLASSES)).requires_grad_()
target = torch.randint(1, CLASSES, (CASES, LABELS))
inputs, labels = torch.randint(0, TIME + 1, (CASES,)), torch.randint(0, LABELS + 1, (CASES,))
inputs[:10] = TIME
target[:10] = 1  # repeated labels
arguments = (target, inputs, labels)
constants = {"target": target.int(), "inputLengths": inputs.int(), "targetLengths": labels.int()}
loss = F.ctc_loss(F.log_softmax(logits, -1), *arguments, reduction="none", zero_infinity=True)
record("ctcLoss", loss, {"logits": logits}, constants)
family.tensors["ctcLoss/infinite"] = F.ctc_loss(F.log_softmax(logits, -1), *arguments, reduction="none")
family.tensors["ctcLoss/mean"] = F.ctc_loss(F.log_softmax(logits, -1), *arguments, zero_infinity=True)
family.tensors["ctcLoss/sum"] = F.ctc_loss(F.log_softmax(logits, -1), *arguments, reduction="sum", zero_infinity=True)

family.save()
