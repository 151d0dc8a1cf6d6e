"""One name for one thing: what a study calls `paper:dtd` another calls `dtd`."""

from __future__ import annotations


def plain_name(name: str) -> str:
    """The name under which outcomes of different studies are joined.

    `paper:dtd` is `dtd`; `medmnist:breast`, at whatever size, is `breastmnist`. A derivation in brackets is kept, since
    a part of a dataset is another dataset. Anything else (a path, a hub id) is its own name.
    """
    name = name.strip()
    scheme, colon, rest = name.partition(":")
    if not colon:
        return name
    if scheme == "paper":
        return rest
    if scheme == "medmnist":
        base, bracket, derivation = rest.partition("[")
        base = base.partition("@")[0]
        if "mnist" not in base:
            base = f"{base.removesuffix('3d')}mnist3d" if base.endswith("3d") else f"{base}mnist"
        return base + bracket + derivation
    return name


# Targets that show the same patients or the same scans: what is known of one is nearly known of the other.
FAMILIES = {
    "organamnist": "organ",  # three views of the same CTs
    "organcmnist": "organ",
    "organsmnist": "organ",
    "dermamnist": "ham10000",
    "isic2018": "ham10000",
    "pneumoniamnist": "kermany-chest",
    "chest-xray": "kermany-chest",
    "chest_xray": "kermany-chest",
    "breastmnist": "busi",
    "breast_ultrasound": "busi",
    "adrenal3d": "adrenalmnist3d",
    "pcam-middle": "pcam",
    "pcam-small": "pcam",
}


def family_of(name: str) -> str:
    """The family of a dataset, its own plain name where it has no relatives known; derivations share one."""
    base = plain_name(name).partition("[")[0]
    return FAMILIES.get(base, base)
