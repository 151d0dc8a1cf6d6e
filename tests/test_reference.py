"""The reference names everything that is public, and the whole site is built strictly, without a network."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.wall import refused_hosts, walled
from whence.measures.contract import NEEDS

PAGES = REPOSITORY / "docs" / "reference"


@pytest.mark.parametrize(
    ("page", "module"),
    [
        ("whence", "whence"),
        ("stats", "whence.stats"),
        ("measures", "whence.measures"),
        ("engines", "whence.study.engines"),
        ("knowledge", "whence.knowledge"),
    ],
)
def test_every_public_name_stands_on_its_page(page: str, module: str) -> None:
    shown = re.findall(r"^::: \S+\.(\w+)$", (PAGES / f"{page}.md").read_text(), flags=re.MULTILINE)
    assert len(shown) == len(set(shown))
    assert set(import_module(module).__all__) <= set(shown)


def test_the_page_of_measures_lists_what_one_may_need() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", (PAGES / "measures.md").read_text(), flags=re.MULTILINE)
    assert dict(rows) == NEEDS


def test_the_site_is_built_strictly_and_asks_nobody(tmp_path: Path) -> None:
    pytest.importorskip("mkdocstrings", reason="mkdocstrings is not installed: pip install 'whence[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = os.environ | walled(tmp_path) | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert built.returncode == 0, built.stderr[-3000:]
    assert "WARNING" not in built.stderr
    assert refused_hosts(tmp_path) == set()
    measures = (tmp_path / "site" / "reference" / "measures" / "index.html").read_text()
    assert "Raises <code>ValueError</code>" in measures  # the docstrings are there, read as Markdown
