"""ILSVRC 2012, as Kaggle packs it (flat validation pictures and a table of their classes) or in plain folders."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.data.fakes._pictures import save

WNIDS = ("n01440764", "n02999410", "n03530642", "n04326547")
EACH = 5


def make(folder: Path, kaggle: bool = True) -> None:
    """Five training and two validation pictures of each of four classes; two test pictures without a label."""
    root = folder / "ILSVRC" / "Data" / "CLS-LOC" if kaggle else folder
    truth = ["ImageId,PredictionString"]
    for place, wnid in enumerate(WNIDS):
        for i in range(EACH):
            save(root / "train" / wnid / f"{wnid}_{i}.JPEG", 100 * place + i, 40, 50 + i, grey=i == 0)
        for i in range(2):
            name = f"ILSVRC2012_val_{2 * place + i + 1:08}"
            save(root / "val" / ("" if kaggle else wnid) / f"{name}.JPEG", 1000 + 100 * place + i, 40, 50)
            truth.append(f"{name},{wnid} 85 1 499 272 {wnid} 3 1 20 17 ")
    if kaggle:
        for i in range(2):
            save(root / "test" / f"ILSVRC2012_test_{i + 1:08}.JPEG", 2000 + i, 40, 50)
        (folder / "LOC_val_solution.csv").write_text("\n".join(truth) + "\n")
        (folder / "LOC_synset_mapping.txt").write_text(
            "\n".join(f"{wnid} something" for wnid in WNIDS) + "\n"
        )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
