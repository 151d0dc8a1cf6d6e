"""A repository of the Hugging Face hub as the hub holds it: Parquet files of encoded pictures, and a card."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import datasets
from PIL import Image

from tests.data.fakes._pictures import picture


def make(folder: Path, *, several: bool = False) -> None:
    """24 training and 6 test pictures of two classes, with patients; the last test picture has no label."""
    for split, count, first in (("train", 24, 0), ("test", 6, 100)):
        rows: dict[str, list[object]] = {"picture": [], "finding": [], "patient_id": []}
        for i in range(count):
            held = io.BytesIO()
            Image.fromarray(picture(first + i)).save(held, "PNG")
            rows["picture"].append({"bytes": held.getvalue(), "path": None})
            unlabelled = split == "test" and i == count - 1
            rows["finding"].append([[], [0], [0, 1]][i % 3] if several else -1 if unlabelled else i % 2)
            rows["patient_id"].append(f"p{first + i // 2}")
        label = datasets.ClassLabel(names=["healthy", "ill"])
        kinds = datasets.Features(
            {
                "picture": datasets.Image(),
                "finding": datasets.List(label) if several else label,
                "patient_id": datasets.Value("string"),
            }
        )
        (folder / "data").mkdir(parents=True, exist_ok=True)
        held_rows = datasets.Dataset.from_dict(rows, features=kinds)
        held_rows.to_parquet(str(folder / "data" / f"{split}-00000-of-00001.parquet"))
    (folder / "README.md").write_text("---\nlicense: cc0-1.0\n---\nA fake.\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
