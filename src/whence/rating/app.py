"""The experts' page: a small web application that shows datasets, asks six questions, and saves every click.

Everything lies below `/TOKEN/`: who does not know the token finds nothing. `TrustedHostMiddleware` refuses requests
that reached us by another name (DNS rebinding), and the security policy lets the page load nothing but its own files.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from whence.errors import InputError
from whence.rating.names import AUTOMATIC, checked_name, file_stem
from whence.rating.questions import PROPERTIES, QUESTIONS
from whence.rating.sheets import Answers, Sheet, read_folder, read_sheet, read_sheets, sheet_file, write_sheet
from whence.rating.shown import Shown
from whence.rating.web import HEADERS, HOSTS, SCRIPT, STATIC, form_of, sentence

Say = Callable[[str], None]


class RatingPage:
    """The pages of one call of `whence rate`: what is shown, and where the answers go.

    `folder` is read again for every page and every click, so that several raters, several windows and a restarted
    server never differ about what was answered.
    """

    def __init__(
        self, datasets: Sequence[Shown], folder: Path, token: str, say: Say = lambda line: None
    ) -> None:
        self.datasets = datasets
        self.folder = folder
        self.token = token
        self.say = say
        self._writing = threading.Lock()
        templates = jinja2.PackageLoader("whence.rating", "templates")
        self._templates = jinja2.Environment(
            loader=templates, autoescape=True, undefined=jinja2.StrictUndefined
        )

    def application(self) -> Starlette:
        """The application, for uvicorn or a test client."""
        routes = [
            Route("/{token}/", self._guarded(self.welcome)),
            Route("/{token}/start", self._guarded(self.start), methods=["POST"]),
            Route("/{token}/file/{name}", self._guarded(self.static)),
            Route("/{token}/image/{number:int}/{image:int}", self._guarded(self.image)),
            Route("/{token}/rater/{rater}/end", self._guarded(self.end)),
            Route("/{token}/rater/{rater}/{number:int}", self._guarded(self.dataset)),
            Route("/{token}/rater/{rater}/{number:int}", self._guarded(self.save), methods=["POST"]),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False)
        return Starlette(routes=routes, middleware=[hosts])

    async def welcome(self, request: Request, told: str = "", typed: str = "") -> Response:
        """The first page: what this is, and who rates."""
        sheets = await run_in_threadpool(read_folder, self.folder)
        people = [
            (sheet.rater, self._next_place(sheet), self._done(sheet))
            for sheet in sheets
            if sheet.rater != AUTOMATIC
        ]
        return self._page(
            "welcome", 400 if told else 200, people=people, told=told, typed=typed, folder=self.folder
        )

    async def start(self, request: Request) -> Response:
        """Take a name and go to its first dataset that is not complete; a name that is there already goes on."""
        typed = (await form_of(request)).get("name", "")
        try:
            name = checked_name(typed)
            sheet = await run_in_threadpool(read_sheet, self.folder, name)
        except InputError as error:
            return await self.welcome(request, told=sentence(error), typed=typed)
        if not sheet.answers:
            try:
                await run_in_threadpool(self._save, sheet, self.datasets[0].name, {})
            except OSError as error:
                return await self.welcome(request, told=self._not_saved(error), typed=typed)
        return self._redirect(self._next_place(sheet))

    async def dataset(self, request: Request, told: str = "", marked: Answers | None = None) -> Response:
        """Nine images and six questions."""
        number = self._number(request)
        sheet = await self._sheet(request)
        here = self.datasets[number]
        return self._page(
            "dataset",
            507 if told else 200,
            sheet=sheet,
            stem=file_stem(sheet.rater),
            number=number + 1,
            here=here,
            questions=QUESTIONS,
            answers={**sheet.of(here.name), **(marked or {})},
            steps=[(shown.name, len(sheet.of(shown.name))) for shown in self.datasets],
            done=self._done(sheet),
            told=told,
        )

    async def save(self, request: Request) -> Response:
        """Save one click (JSON, from the page's script) or the whole form (from a browser without scripts)."""
        number, sheet = self._number(request), await self._sheet(request)
        form, by_script = await form_of(request), request.headers.get("accept") == SCRIPT
        answers = {key: form[key] for key in PROPERTIES if form.get(key)}
        here = self.datasets[number].name
        was_complete = sheet.is_complete(here)
        try:
            sheet = await run_in_threadpool(self._save, sheet, here, answers)
        except InputError as error:
            if by_script:
                return JSONResponse({"saved": False, "reason": sentence(error)}, 400)
            raise HTTPException(400, sentence(error)) from error
        except OSError as error:
            if by_script:
                return JSONResponse({"saved": False, "reason": self._not_saved(error)}, 507)
            return await self.dataset(request, told=self._not_saved(error), marked=answers)
        if sheet.is_complete(here) and not was_complete:
            self.say(f"{sheet.rater}: {self._done(sheet)} of {len(self.datasets)} datasets")
        if by_script:
            return JSONResponse(
                {"saved": True, "open": len(PROPERTIES) - len(sheet.of(here)), "done": self._done(sheet)}
            )
        last = number + 1 == len(self.datasets)
        return self._redirect(f"rater/{file_stem(sheet.rater)}/{'end' if last else number + 2}")

    async def end(self, request: Request) -> Response:
        """Thanks, what is still open, where the file is, and what happens next."""
        sheet = await self._sheet(request)
        steps = [(shown.name, len(PROPERTIES) - len(sheet.of(shown.name))) for shown in self.datasets]
        file = sheet_file(self.folder, sheet.rater)
        return self._page("end", sheet=sheet, stem=file_stem(sheet.rater), steps=steps, file=file)

    async def image(self, request: Request) -> Response:
        """One of the nine images of a dataset, as PNG."""
        pictures = self.datasets[self._number(request)].pictures
        image = int(request.path_params["image"])
        if not 1 <= image <= len(pictures):
            raise HTTPException(404)
        return Response(pictures[image - 1], media_type="image/png", headers=HEADERS)

    async def static(self, request: Request) -> Response:
        """The page's style and script."""
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404)
        text = resources.files("whence.rating").joinpath("templates", name).read_text(encoding="utf-8")
        return Response(text, media_type=STATIC[name], headers=HEADERS)

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            given = request.path_params["token"]
            if not secrets.compare_digest(given.encode(), self.token.encode()):
                raise HTTPException(404)
            try:
                return await handler(request)
            except InputError as error:  # a rater's file that somebody mended wrongly
                if request.headers.get("accept") == SCRIPT:
                    return JSONResponse(
                        {"saved": False, "reason": f"Not saved: {error}."}, 500, headers=HEADERS
                    )
                return self._page("wrong", 500, told=sentence(error))

        return guarded

    def _save(self, sheet: Sheet, dataset: str, answers: Answers) -> Sheet:
        with self._writing:
            changed = read_sheet(self.folder, sheet.rater).with_answers(dataset, answers)
            write_sheet(self.folder, changed)
        return changed

    async def _sheet(self, request: Request) -> Sheet:
        """The sheet of the rater in the address, whose file must be there already."""
        stem = request.path_params["rater"]
        file = self.folder / f"{stem}.csv"
        if not re.fullmatch("[a-z0-9-]+", stem) or stem == AUTOMATIC or not file.is_file():
            raise HTTPException(404)
        return (await run_in_threadpool(read_sheets, file))[0]

    def _number(self, request: Request) -> int:
        number = int(request.path_params["number"])
        if not 1 <= number <= len(self.datasets):
            raise HTTPException(404)
        return number - 1

    def _next_place(self, sheet: Sheet) -> str:
        """Where a rater goes on: the first dataset that is not complete, or the end."""
        incomplete = [
            i for i, shown in enumerate(self.datasets, start=1) if not sheet.is_complete(shown.name)
        ]
        return f"rater/{file_stem(sheet.rater)}/{incomplete[0] if incomplete else 'end'}"

    def _done(self, sheet: Sheet) -> int:
        return sum(sheet.is_complete(shown.name) for shown in self.datasets)

    def _not_saved(self, error: OSError) -> str:
        reason = error.strerror or type(error).__name__
        return (
            f"Not saved: {self.folder} cannot be written ({reason}). Tell the person who started this page."
        )

    def _page(self, template: str, status: int = 200, **content: Any) -> Response:
        page = self._templates.get_template(f"{template}.html.j2")
        text = page.render(
            root=f"/{self.token}", datasets=self.datasets, properties=len(PROPERTIES), **content
        )
        return HTMLResponse(text, status, headers=HEADERS)

    def _redirect(self, place: str) -> Response:
        return RedirectResponse(f"/{self.token}/{place}", 303, headers=HEADERS)
