"""Records goldens/losses.json: the losses of RAG and REALM with their gradients, as plain loops over probabilities.

PyTorch 2.15 on a CPU, float64: python3 -m pip install torch
Run it in this folder: python3 record.py
"""

import json

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
batch, k, time, width = 3, 4, 5, 6
lengths = [5, 3, 1]  # of the answers; what follows is padding


def listed(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def retriever(query, documents):
    """p(z|x) over the retrieved documents only."""
    scores = [torch.exp((document * query).sum()) for document in documents]
    return [score / sum(scores) for score in scores]


def rag_sequence(p_z, p_tokens, length):
    total = 0
    for z in range(len(p_z)):
        answer = p_z[z]
        for i in range(length):
            answer = answer * p_tokens[z][i]
        total = total + answer
    return -torch.log(total)


def rag_token(p_z, p_tokens, length):
    loss = 0
    for i in range(length):
        token = 0
        for z in range(len(p_z)):
            token = token + p_z[z] * p_tokens[z][i]
        loss = loss - torch.log(token)
    return loss


def record(loss, null):
    queries = torch.randn(batch, width, requires_grad=True)
    documents = torch.randn(batch, k, width, requires_grad=True)
    null_document = torch.randn(width, requires_grad=True)
    logits = torch.randn(batch, k + null, time, requires_grad=True)  # ln p(y_i|x, z, y_<i) = -softplus(logit)
    losses = []
    for n in range(batch):
        retrieved = list(documents[n]) + ([null_document] if null else [])
        losses.append(loss(retriever(queries[n], retrieved), torch.sigmoid(-logits[n]), lengths[n]))
    mean = sum(losses) / batch
    mean.backward()
    variables = {"queries": queries, "documents": documents, "logits": logits}
    if null:
        variables["nullDocument"] = null_document
    return {
        "losses": [own.item() for own in losses],
        "mean": mean.item(),
        "variables": {name: listed(own) for name, own in variables.items()},
        "gradients": {name: listed(own.grad) for name, own in variables.items()},
    }


def record_in_batch():
    queries = torch.randn(batch, width, requires_grad=True)
    passages = torch.randn(batch, width, requires_grad=True)
    loss = 0
    for i in range(batch):
        scores = [torch.exp((queries[i] * passages[j]).sum()) for j in range(batch)]
        loss = loss - torch.log(scores[i] / sum(scores)) / batch
    loss.backward()
    variables = {"queries": queries, "passages": passages}
    return {
        "mean": loss.item(),
        "variables": {name: listed(own) for name, own in variables.items()},
        "gradients": {name: listed(own.grad) for name, own in variables.items()},
    }


goldens = {
    "torch": torch.__version__.split("+")[0],
    "lengths": lengths,
    "ragSequence": record(rag_sequence, 0),
    "ragToken": record(rag_token, 0),
    "realm": record(rag_sequence, 1),
    "inBatchNegatives": record_in_batch(),
}
with open("goldens/losses.json", "w") as file:
    json.dump(goldens, file)
