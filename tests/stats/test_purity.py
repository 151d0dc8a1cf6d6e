"""Statistics are usable alone: nothing heavy is loaded with them, and none of them touches a file."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import whence.stats

FILES = sorted(Path(whence.stats.__file__).parent.glob("*.py"))
OF_FILES = {
    *("open", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savez", "savetxt", "tofile"),
    *(
        "read_csv",
        "to_csv",
        "read_text",
        "write_text",
        "read_bytes",
        "write_bytes",
        "print",
        "input",
        "exec",
        "eval",
    ),
}


def called(source: str) -> Iterator[str]:
    """The name of every function that is called."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_file_is_opened_and_nothing_printed(file: Path) -> None:
    assert not OF_FILES & set(called(file.read_text(encoding="utf-8")))


def test_the_check_sees_a_file() -> None:
    assert OF_FILES & set(called("import numpy as np\nnp.save('x', 1)"))
    assert OF_FILES & set(called("with open('x') as file: pass"))


def test_neither_torch_nor_pictures_come_with_them() -> None:
    heavy = ("torch", "timm", "PIL", "altair", "matplotlib", "typer")
    script = f"import sys, whence.stats; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
