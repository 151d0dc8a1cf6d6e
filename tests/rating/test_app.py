"""The page's application in this process: who may see it, what a name may do, and what many clicks at once leave."""

from __future__ import annotations

import io
import re
import resource
import shutil
import threading
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("starlette", reason="pip install 'whence[rate]'")
from starlette.testclient import TestClient

from whence.rating.app import RatingPage
from whence.rating.questions import PROPERTIES, QUESTIONS
from whence.rating.sheets import Sheet, read_folder, read_sheet, write_sheet
from whence.rating.shown import Shown

TOKEN = "t0ken"
HERE = f"/{TOKEN}"
SCRIPT = {"accept": "application/json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ratings"


@pytest.fixture
def client(pages: list[Shown], folder: Path) -> TestClient:
    page = RatingPage(pages, folder, TOKEN)
    return TestClient(page.application(), base_url="http://127.0.0.1:8000", follow_redirects=False)


def start(client: TestClient, name: str) -> str:
    """The path of a rater's pages."""
    reply = client.post(f"{HERE}/start", data={"name": name})
    assert reply.status_code == 303, reply.text
    return str(reply.headers["location"]).rsplit("/", 1)[0]


@pytest.mark.parametrize(
    "path", ["/", "/x/", "/t0ke/", "/t0ken2/", "/%F0%9F%92%89/", "/T0KEN/", "//", "/t0ken/../x/"]
)
def test_who_does_not_know_the_token_finds_nothing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_page_is_without_the_token(client: TestClient) -> None:
    place = start(client, "Ann")
    for path in (HERE + "/file/rating.js", HERE + "/image/1/1", f"{place}/1", f"{place}/end"):
        assert client.get(path).status_code == 200
        assert client.get(path.replace(TOKEN, "other")).status_code == 404
    assert client.post(f"{place}/1".replace(TOKEN, "other"), data={"origin": "medical"}).status_code == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8000", "", "localhost.evil"]
)
def test_a_request_by_another_name_is_refused(client: TestClient, host: str) -> None:
    """DNS rebinding: a foreign page lets its own name point to this machine; the Host header still tells it."""
    assert client.get(f"{HERE}/", headers={"host": host}).status_code == 400
    assert client.get(f"{HERE}/", headers={"host": "localhost:8000"}).status_code == 200


def test_nothing_is_loaded_from_elsewhere_and_nothing_stays_behind(client: TestClient) -> None:
    place = start(client, "Ann")
    for path in (f"{HERE}/", f"{place}/1", f"{place}/end"):
        reply = client.get(path)
        assert not re.search(r"(src|href|action)=\"(?!/|data:,)", reply.text)
        assert "<script>" not in reply.text
        assert " style=" not in reply.text
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"


def test_nine_pictures_of_each_dataset(client: TestClient, pages: list[Shown]) -> None:
    for number in range(1, 4):
        for image in range(1, 10):
            reply = client.get(f"{HERE}/image/{number}/{image}")
            assert Image.open(io.BytesIO(reply.content)).size == (16, 16)
    for path in (
        "image/0/1",
        "image/4/1",
        "image/1/0",
        "image/1/10",
        "image/1/-1",
        "image/a/b",
        "file/app.py",
    ):
        assert client.get(f"{HERE}/{path}").status_code == 404
    assert len(set(pages[0].digests)) == 9


@pytest.mark.parametrize(
    "name", ["a/../../../tmp/x", "x/../y", "Zoë", "<script>alert(1)</script>"[1:], 'O"Neil & Co']
)
def test_a_rater_s_name_stays_a_name(client: TestClient, folder: Path, name: str) -> None:
    place = start(client, name)
    assert re.fullmatch(rf"{HERE}/rater/[a-z0-9-]+", place)
    assert client.post(f"{place}/1", json={"origin": "medical"}, headers=SCRIPT).json()["saved"]
    assert read_sheet(folder, name).of("xrays") == {"origin": "medical"}
    assert [file.parent for file in folder.parent.rglob("*.csv")] == [folder]
    assert "<script>alert" not in client.get(f"{place}/1").text


@pytest.mark.parametrize("name", ["", "=1+1", "../x", "automatic", "x" * 200])
def test_a_name_that_cannot_be_taken_is_told_on_the_page(client: TestClient, folder: Path, name: str) -> None:
    reply = client.post(f"{HERE}/start", data={"name": name})
    assert reply.status_code == 400
    assert 'role="alert"' in reply.text
    assert not folder.exists()


@pytest.mark.parametrize(
    "rater", ["..%2f..%2fx", "%2e%2e", "nobody", "automatic", "ann.csv", "ANN", "-", "a%00b"]
)
def test_a_rater_who_is_not_there_is_not_found(client: TestClient, folder: Path, rater: str) -> None:
    start(client, "Ann")
    (folder.parent / "x.csv").write_text("rater,dataset\n")
    write_sheet(folder, Sheet("automatic", {"xrays": {}}))
    assert client.get(f"{HERE}/rater/{rater}/1").status_code == 404
    assert (
        client.post(f"{HERE}/rater/{rater}/1", json={"origin": "medical"}, headers=SCRIPT).status_code == 404
    )


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"origin": "plush"}', 400),
        (b'{"origin": 3}', 400),
        (b"[]", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b" " * 20_000, 413),
        (b'{"size": "big"}', 200),
    ],
)
def test_what_is_no_answer_is_refused_and_changes_nothing(
    client: TestClient, folder: Path, content: bytes, status: int
) -> None:
    place = start(client, "Ann")
    headers = SCRIPT | {"content-type": "application/json"}
    assert client.post(f"{place}/1", content=content, headers=headers).status_code == status
    assert read_sheet(folder, "Ann").of("xrays") == {}


def test_clicks_at_once_are_all_saved(client: TestClient, folder: Path) -> None:
    """Four raters in four threads each, every click a request of its own, and one window changing its mind."""
    places = {name: start(client, name) for name in ("Ann", "Ben", "Cor", "Dee")}
    jobs = [
        (places[name], number, question.key, question.accepted[(number + len(name)) % len(question.answers)])
        for name in places
        for number in (1, 2, 3)
        for question in QUESTIONS
    ]

    def click(mine: list[tuple[str, int, str, str]]) -> None:
        for place, number, key, answer in mine:
            assert client.post(f"{place}/{number}", json={key: answer}, headers=SCRIPT).json()["saved"]

    threads = [threading.Thread(target=click, args=(jobs[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sheet.rater for sheet in read_folder(folder)] == list(places)
    for sheet in read_folder(folder):
        for number, dataset in enumerate(("xrays", "slides", "stones"), start=1):
            expected = {q.key: q.accepted[(number + len(sheet.rater)) % len(q.answers)] for q in QUESTIONS}
            assert sheet.of(dataset) == expected
    assert len(list(folder.iterdir())) == 4


def test_without_scripts_the_form_saves_and_goes_on(client: TestClient, folder: Path) -> None:
    place = start(client, "Ann")
    form = {question.key: question.accepted[1] for question in QUESTIONS}
    for number in (1, 2, 3):
        reply = client.post(f"{place}/{number}", data=form)
        assert reply.headers["location"] == f"{place}/{'end' if number == 3 else number + 1}"
    assert all(read_sheet(folder, "Ann").is_complete(name) for name in ("xrays", "slides", "stones"))
    assert "Thank you, Ann" in client.get(f"{place}/end").text
    assert str(folder / "ann.csv") in client.get(f"{place}/end").text
    assert client.get(f"{place}/2").text.count("checked") == 6


def test_one_goes_on_where_one_stopped(client: TestClient, folder: Path) -> None:
    form = {question.key: question.accepted[0] for question in QUESTIONS}
    client.post(f"{start(client, 'Ann')}/1", data=form)
    reply = client.post(f"{HERE}/start", data={"name": " ANN "})
    assert reply.headers["location"] == f"{HERE}/rater/ann/2"
    assert (
        f'href="{HERE}/rater/ann/2">Go on as Ann</a> <span class="faint">1 of 3 rated'
        in client.get(f"{HERE}/").text
    )
    assert "12 questions still open" in client.get(f"{HERE}/rater/ann/end").text


def test_a_folder_that_became_a_file_is_told_and_nothing_is_called_saved(
    client: TestClient, folder: Path
) -> None:
    """A real fault: from here on the disk refuses to write."""
    place = start(client, "Ann")
    stored = folder / "ann.csv"
    kept = stored.read_bytes()
    stored.unlink()
    stored.mkdir()  # the file's name is taken: it cannot be read or replaced
    reply = client.post(f"{place}/1", json={"origin": "medical"}, headers=SCRIPT)
    assert reply.status_code in (404, 507)
    stored.rmdir()
    stored.write_bytes(kept)
    shutil.rmtree(folder)
    folder.write_text("no folder any more")
    reply = client.post(f"{HERE}/start", data={"name": "Ben"})
    assert reply.status_code == 400
    assert "Not saved" in reply.text
    assert "cannot be written" in reply.text


def test_a_full_disk_without_scripts_shows_the_page_again_with_what_was_chosen(
    client: TestClient, folder: Path
) -> None:
    """The system refuses to write, as on a full disk: the form comes back as it was sent, and nothing is lost."""
    place = start(client, "Ann")
    client.post(f"{place}/1", data={"origin": "medical"})
    before = (folder / "ann.csv").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        reply = client.post(f"{place}/1", data={"origin": "natural", "colour": "grey"})
        told = client.post(f"{place}/1", json={"origin": "natural"}, headers=SCRIPT)
        newcomer = client.post(f"{HERE}/start", data={"name": "Ben"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (reply.status_code, told.status_code, newcomer.status_code) == (507, 507, 400)
    assert "File too large" in reply.text
    assert re.search(r'value="natural" checked', reply.text)
    assert re.search(r'value="grey" checked', reply.text)
    assert told.json()["saved"] is False
    assert "Not saved" in newcomer.text
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"ann.csv": before}


def test_a_file_that_was_mended_wrongly_is_told(client: TestClient, folder: Path) -> None:
    place = start(client, "Ann")
    (folder / "ann.csv").write_text(f"rater,dataset,{','.join(PROPERTIES)}\nAnn,xrays,plush,,,,,\n")
    reply = client.get(f"{place}/1")
    assert reply.status_code == 500
    assert "row 2: &#39;plush&#39; is no answer to origin" in reply.text
    reply = client.post(f"{place}/1", json={"origin": "medical"}, headers=SCRIPT)
    assert reply.status_code == 500
    assert "row 2: 'plush' is no answer to origin" in reply.json()["reason"]
