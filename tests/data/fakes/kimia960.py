"""KimiaPath960: colour TIFs in one folder, called by the letter of their slide and a number."""

from __future__ import annotations

import string
import sys
from pathlib import Path

from tests.data.fakes._pictures import save


def make(folder: Path) -> None:
    """Three pictures of each of the twenty slides, A to T, one of them with a number of two digits."""
    for place, letter in enumerate(string.ascii_uppercase[:20]):
        for number in (1, 9, 10):
            save(folder / "kimia_path_960" / f"{letter}{number}.tif", 100 * place + number, 17, 31)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
