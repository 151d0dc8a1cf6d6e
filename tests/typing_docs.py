"""What the tests of the README, the docs and the tutorials share: finding what is to be typed, and typing it."""

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(text: str) -> list[str]:
    """Every line of the bash blocks, in the page's order; a line that ends in a backslash goes on in the next."""
    lines = "".join(blocks(text, "bash")).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip()]


def environment() -> dict[str, str]:
    """The environment of a new shell after `source .venv/bin/activate`: nothing of a make that runs these tests."""
    own = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKEOVERRIDES")}
    return own | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def typed(command: str, cwd: Path, *, seconds: int = 500, **more: str) -> str:
    done = subprocess.run(
        command,
        shell=True,
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment() | more,
        check=False,
        timeout=seconds,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def installed(folder: Path, group: str, name: str, value: str, text: str) -> str:
    """Lay out an installed package of one module with one entry point; return what PYTHONPATH must be."""
    (folder / f"{name}.py").write_text(text)
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    return str(folder)


def write_files(text: str, folder: Path) -> None:
    """Save every block of a page that begins with `# PATH` under that path in `folder`."""
    for body in re.findall(r"```(?:python|toml|yaml)\n(# \S+\n.*?)```", text, flags=re.DOTALL):
        path = folder / body.splitlines()[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
