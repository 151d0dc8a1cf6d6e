"""The rating page in real browsers: two raters at the same time, one reloads, one closes the browser and goes on."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.report.conftest import FLAGS
from whence.rating.questions import QUESTIONS

pytestmark = pytest.mark.browser
ANN = {"xrays": [2, 1, 1, 1, 1, 1], "slides": [2, 2, 2, 3, 1, 1], "stones": [1, 2, 2, 6, 2, 2]}
BEN = {"xrays": [2, 1, 1, 1, 1, 1], "slides": [2, 2, 1, 3, 1, 1], "stones": [1, 2, 2, 6, 3, 2]}


class Rater:
    """One person with a browser of their own that knows no other machine, who answers by number keys alone."""

    def __init__(self, profile: Path, address: str, width: int = 1280) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        alone = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
        for flag in (*FLAGS[:-1], alone, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.get(address)

    def start(self, name: str) -> None:
        self.type_into_page(name, Keys.ENTER, where=self.driver.find_element(By.ID, "name"))
        self.wait(lambda: "Dataset" in self.driver.title or "Thank you" in self.driver.title)

    def type_into_page(self, *keys: str, where: Any = None) -> None:
        (where or self.driver.switch_to.active_element).send_keys(*keys)

    def answer(self, numbers: list[int]) -> None:
        for number in numbers:
            self.type_into_page(str(number))
        self.wait(lambda: "Saved" in self.status())

    def next(self) -> None:
        """The focus has come to the button by itself."""
        before = self.driver.current_url
        assert self.driver.switch_to.active_element.tag_name == "button"
        self.type_into_page(Keys.ENTER)
        self.wait(lambda: self.driver.current_url != before)

    def status(self) -> str:
        return self.driver.find_element(By.ID, "status").text

    def alert(self) -> str:
        return self.driver.find_element(By.ID, "alert").text

    def checked(self) -> list[int]:
        """The number of the answer that is marked for each question, 0 for none."""
        script = (
            "return [...document.querySelectorAll('fieldset')]"
            ".map(f => [...f.querySelectorAll('input')].findIndex(i => i.checked) + 1)"
        )
        return list(self.driver.execute_script(script))

    def wait(self, condition: Callable[[], bool]) -> None:
        WebDriverWait(self.driver, 30).until(lambda _: condition())

    def complaints(self) -> list[str]:
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def close(self) -> None:
        self.driver.quit()


class Served:
    """`whence rate` in a process of its own."""

    def __init__(self, folders: list[Path], output: Path, *more: str) -> None:
        words = ["rate", *map(str, folders), "-o", str(output), "--no-browser", "--port", "0", *more]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "whence", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = ""
        while "the page is at" not in self.said:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        (self.address,) = re.findall(r"http://127\.0\.0\.1:\d+/\S+/", self.said)

    def stop(self) -> tuple[int, str, str]:
        """Ctrl-C; exit code, standard output, the rest of standard error."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def served(folders: list[Path], tmp_path: Path) -> Iterator[Served]:
    running = Served(folders, tmp_path / "ratings", "--json")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def rater(tmp_path: Path, served: Served) -> Iterator[Callable[..., Rater]]:
    """`rater(profile, width)`: a browser at the first page, or a skip with the reason."""
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("no chromium with chromedriver on this machine")
    opened: list[Rater] = []

    def open_browser(profile: str, width: int = 1280) -> Rater:
        opened.append(Rater(tmp_path / profile, served.address, width))
        return opened[-1]

    yield open_browser
    for one in opened:
        one.close()


def test_two_raters_at_the_same_time(rater: Callable[..., Rater], served: Served, tmp_path: Path) -> None:
    complaints: list[str] = []

    def ann() -> None:
        """Reloads in the middle of the second dataset, and goes back at the end to change an answer."""
        me = rater("ann")
        me.start("Ann")
        me.answer([1, *ANN["xrays"][1:]])
        me.next()
        me.answer(ANN["slides"][:3])
        me.driver.refresh()
        assert me.checked() == [*ANN["slides"][:3], 0, 0, 0]
        me.answer(ANN["slides"][3:])  # the first key goes to the first open question
        me.next()
        me.answer(ANN["stones"])
        me.next()
        assert "Thank you, Ann" in me.driver.page_source
        me.driver.find_element(By.LINK_TEXT, "xrays").click()
        me.wait(lambda: me.checked() == [1, *ANN["xrays"][1:]])
        me.driver.find_element(By.CSS_SELECTOR, "input[name=origin]").send_keys(Keys.ARROW_RIGHT)
        me.wait(lambda: "Saved" in me.status())
        assert me.checked() == ANN["xrays"]
        complaints.extend(me.complaints())

    def ben() -> None:
        """On a phone's screen; closes the browser after the first dataset and goes on in another."""
        me = rater("ben", 390)
        me.start("Ben")
        me.answer(BEN["xrays"])
        assert me.driver.execute_script("return document.documentElement.scrollWidth") <= 390
        me.close()
        me = rater("ben again")
        me.start("ben")
        assert me.driver.find_element(By.CSS_SELECTOR, "h1").text == "slides"
        assert "1 of 3 rated" in me.driver.find_element(By.CSS_SELECTOR, "header").text
        me.answer(BEN["slides"])
        me.next()
        me.answer(BEN["stones"])
        me.next()
        complaints.extend(me.complaints())

    with ThreadPoolExecutor(2) as people:
        for done in [people.submit(ann), people.submit(ben)]:
            done.result()
    assert complaints == []
    for name, numbers in (("ann", ANN), ("ben", BEN)):
        with (tmp_path / "ratings" / f"{name}.csv").open(newline="") as file:
            rows = {row["dataset"]: row for row in csv.DictReader(file)}
        for dataset, given in numbers.items():
            expected = {q.key: q.accepted[n - 1] for q, n in zip(QUESTIONS, given, strict=True)}
            assert rows[dataset] == {"rater": name.title(), "dataset": dataset, **expected}
    code, out, err = served.stop()
    assert code == 0, err
    assert "Traceback" not in err
    found = json.loads(out)
    values = {(v["source"], v["target"]): (v["value"], v["low"], v["high"]) for v in found["values"]}
    assert values == {
        ("xrays", "slides"): (2, 2, 3),
        ("xrays", "stones"): (6, 6, 6),
        ("slides", "stones"): (5, 4, 5),
    }
    kappas = {row["property"]: row["kappa"] for row in found["agreement"]}
    assert kappas["origin"] == kappas["type"] == 1
    assert kappas["content"] == pytest.approx((2 / 3 - 1 / 2) / (1 - 1 / 2))  # three answers of each kind


def test_a_click_that_was_not_saved_is_told_and_saved_later(
    rater: Callable[..., Rater], served: Served, tmp_path: Path
) -> None:
    """The system itself refuses to write (a limit on the size of files), allows it again; then the server is gone."""
    me = rater("ann")
    me.start("Ann")
    me.answer([2])
    pid, file = served.process.pid, tmp_path / "ratings" / "ann.csv"
    before, (_, hard) = file.read_bytes(), resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (10, hard))
    me.type_into_page("1")
    me.wait(lambda: "Not saved" in me.alert())
    assert "File too large" in me.alert()
    assert me.status() == ""
    assert me.checked()[:3] == [2, 1, 0]
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["ann.csv"]
    me.driver.find_element(By.CSS_SELECTOR, "button.go").click()
    time.sleep(0.5)
    assert "xrays" in me.driver.title  # it did not go on as if all were well
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    me.driver.find_element(By.CSS_SELECTOR, "button.go").click()
    me.wait(lambda: "slides" in me.driver.title)
    assert b"Ann,xrays,medical,grey," in file.read_bytes()
    served.process.kill()
    served.process.wait()
    me.type_into_page("1")
    me.wait(lambda: "does not answer" in me.alert())


def test_screen_readers_find_groups_names_and_states(rater: Callable[..., Rater]) -> None:
    """What the browser's accessibility tree says, not what the page's source says."""
    me = rater("ann")
    me.start("Ann")
    me.answer([2])
    nodes = me.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]

    def named(role: str) -> list[str]:
        return [node["name"]["value"] for node in nodes if node.get("role", {}).get("value") == role]

    assert named("group") == [question.asked for question in QUESTIONS]
    assert named("radio") == [answer.label for question in QUESTIONS for answer in question.answers]
    assert named("image") == [f"Image {i} of 9" for i in range(1, 10)]
    assert named("heading") == ["xrays"]
    assert "Dataset 1, xrays: 0 of 6 answered" in named("link")
    assert "Next dataset" in named("button")
    described = [
        node.get("description", {}).get("value")
        for node in nodes
        if node.get("role", {}).get("value") == "radio"
    ]
    assert described[0] == QUESTIONS[0].why
    order = me.driver.execute_script(
        "return [...document.querySelectorAll('a, input, button')].map(e => e.tabIndex)"
    )
    assert set(order) == {0}


def test_ctrl_c_ends_it_cleanly_with_a_summary_for_people(folders: list[Path], tmp_path: Path) -> None:
    running = Served(folders, tmp_path / "ratings")
    code, out, err = running.stop()
    assert (code, out) == (0, f"nobody has rated anything in {tmp_path / 'ratings'} yet\n")
    assert "Traceback" not in err
    assert os.listdir(tmp_path / "ratings") == []  # noqa: PTH208
