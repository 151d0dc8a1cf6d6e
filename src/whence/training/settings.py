"""What a recipe holds: the settings of one training, each checked, with what they mean and may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Tune = Annotated[str, StringConstraints(pattern=r"^(all|head|last:[1-9]\d*)$")]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Augmentation(_Settings):
    """The paper's small random changes of a training image; `strength` scales all ranges, 0 switches them off."""

    strength: Annotated[float, Field(ge=0, le=10)] = 1.0
    rotation: Annotated[float, Field(ge=0, le=180)] = 10.0  # degrees, either way
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.1  # of the image's side, either way
    flip: bool = True  # left to right, in half of the images


class Schedule(_Settings):
    """Multiply the learning rate by `factor` once, after epoch `after` (the paper's scheduler)."""

    after: Annotated[int, Field(ge=1)]
    factor: Annotated[float, Field(gt=0, le=1)] = 0.5


class Cosine(_Settings):
    """Raise the learning rate step by step over the first `warm_up` of all steps, then let it fall to 0 by a cosine."""

    warm_up: Annotated[float, Field(ge=0, lt=1)]


class Recipe(_Settings):
    """The settings of one training; each is checked, and none can be changed afterwards.

    `size` is the side of the square image in pixels, `batch` the images per step of the optimiser, `epochs` how many
    (at most, where there is `patience`: the epochs without a better one after which training stops). `weight_decay` is
    that of matrices and kernels, not of biases and norms. `tune`: "all", "head" (the new head alone) or "last:k" (it
    and the last k stages below it). `keep`: the "last" epoch, or the "best" by validation AUC. `micro_batch` images are
    in memory at a time, where a batch is too large. `channels_last` is the layout of images in memory; which is faster
    depends on network and device.
    """

    name: str
    size: Annotated[int, Field(ge=16, le=1024)]  # side of the square image, in pixels
    batch: Annotated[int, Field(ge=2, le=4096)]  # images per step of the optimiser
    epochs: Annotated[int, Field(ge=1, le=10_000)]  # at most, with `patience`
    learning_rate: Annotated[float, Field(gt=0, le=10)]
    optimizer: Literal["adam", "adamw"] = "adam"
    schedule: Literal["constant"] | Schedule | Cosine = "constant"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    augmentation: Augmentation = Augmentation()
    class_weights: bool = True
    tune: Tune = "all"  # "head": the new head alone; "last:k": it and the last k stages below it
    fit: Literal["squash", "crop"] = "squash"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    weight_decay: Annotated[float, Field(ge=0, le=1)] = (
        0.0  # of matrices and kernels, not of biases and norms
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    keep: Literal["last", "best"] = "last"  # "best": the epoch with the highest validation AUC
    patience: Annotated[int, Field(ge=1)] | None = None  # stop after so many epochs without a better one
    micro_batch: Annotated[int, Field(ge=2)] | None = None  # images at a time, where a batch is too large
    channels_last: bool = (
        False  # the layout of images in memory; which is faster depends on network and device
    )

    @property
    def at_a_time(self) -> int:
        """How many images the network sees at once in training."""
        return min(self.batch, self.micro_batch or self.batch)

    @property
    def evaluation_batch(self) -> int:
        """How many images it sees at once when nothing is learned: without gradients there is room for more."""
        return 256 if self.micro_batch is None else min(256, 8 * self.micro_batch)

    def settings(self) -> dict[str, Any]:
        """Every field as plain JSON values."""
        return self.model_dump(mode="json")

    def hashed(self) -> dict[str, Any]:
        """What enters a job's key: fields that came later stand there only where they are not at their default."""
        return {
            name: value
            for name, value in self.settings().items()
            if name in _FIRST or value != type(self).model_fields[name].default
        }


# The fields of the first jobs' keys. Outcomes that were measured before a field existed keep their keys.
_FIRST = {
    "name",
    "size",
    "batch",
    "epochs",
    "learning_rate",
    "optimizer",
    "schedule",
    "dropout",
    "augmentation",
    "class_weights",
    "tune",
    "fit",
    "precision",
}
