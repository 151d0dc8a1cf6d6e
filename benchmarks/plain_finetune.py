"""Fine-tune a timm network on one fold with torch and timm alone, as one would without whence: FOLD.json WEIGHTS."""
# FOLD.json: train, validation and test, each [[file, label], ...], and the settings that are read below.

import json
import sys
from pathlib import Path

import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score
from torch.nn.functional import cross_entropy
from torchvision.transforms import v2


def score(y: torch.Tensor, p: torch.Tensor) -> float:
    return float(sum((y == c).double().mean() * roc_auc_score(y == c, p[:, c]) for c in y.unique()))


fold = json.loads(Path(sys.argv[1]).read_text())
torch.set_num_threads(1)
torch.manual_seed(fold["seed"])
size, modern, classes, still = fold["size"], fold["modern"], fold["classes"], fold.get("steady", False)
drop = 0 if still else 0.2 if modern else 0.5
net = timm.create_model(fold["backbone"], num_classes=classes, drop_rate=drop)
net.load_state_dict({k: v.float() for k, v in load_file(sys.argv[2]).items() if k[:3] != "fc."}, strict=False)
parts = ("train", "validation", "test")
x = {p: [Image.open(f).convert("RGB").resize((size, size), Image.BICUBIC) for f, _ in fold[p]] for p in parts}
y = {p: torch.tensor([label for _, label in fold[p]]) for p in parts}
normalise = v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
plain = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), normalise]
shift = (0.1 * size / (size + 2 * (size // 4)),) * 2  # of the padded image
move = v2.RandomAffine(10, translate=shift, interpolation=v2.InterpolationMode.BILINEAR)
moved = [v2.Pad(size // 4, padding_mode="edge"), move, v2.CenterCrop(size), v2.RandomHorizontalFlip()]
steady, augmented = v2.Compose(plain), v2.Compose(plain if still else moved + plain)
tensors = {part: torch.stack([steady(i) for i in x[part]]) for part in parts[1:]}
weight = len(y["train"]) / (classes * y["train"].bincount(minlength=classes).clamp(min=1))
groups = [{"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": 0.05 if modern else 0}]
groups += [{"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0}]
optimiser = (torch.optim.AdamW if modern else torch.optim.Adam)(groups, lr=fold["learning_rate"])
total = fold["epochs"] * -(-len(y["train"]) // fold["batch"])
up = max(1, round(0.1 * total))
warm = torch.optim.lr_scheduler.LinearLR(optimiser, 1 / up if modern else 1, total_iters=max(1, up - 1))
cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, total - up)
schedule = torch.optim.lr_scheduler.SequentialLR(optimiser, [warm, cosine], [up]) if modern else None
best, kept, losses = -1.0, None, []
torch.manual_seed(fold["order_seed"]) if "order_seed" in fold else None
for _ in range(fold["epochs"]):
    net.train()
    for rows in torch.randperm(len(y["train"])).split(fold["batch"]):
        labels, images = y["train"][rows], torch.stack([augmented(x["train"][i]) for i in rows])
        loss = cross_entropy(net(images), labels, reduction="none", label_smoothing=0.1 if modern else 0)
        loss = (loss * weight[labels]).mean()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule and schedule.step()
    net.eval()
    with torch.inference_mode():
        probabilities = {part: net(images).double().softmax(1) for part, images in tensors.items()}
    now = score(y["validation"], probabilities["validation"])
    best, kept = (now, probabilities["test"]) if not modern or now >= best else (best, kept)
right = (kept.argmax(1) == y["test"]).double().mean().item()
print(json.dumps({"auc": score(y["test"], kept), "accuracy": right, "losses": losses}))
