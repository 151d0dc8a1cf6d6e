"""The study file: what a user asks for, validated once, at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from whence.data.address import expanded
from whence.errors import InputError, unknown_name


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _expanded(value: Any) -> Any:
    """A ladder in brackets (`paper:dtd[ladder=100|400]`) is several datasets."""
    if not isinstance(value, list):
        return value
    return [one for name in value for one in (expanded(name) if isinstance(name, str) else [name])]


RecipeChoice = str | dict[str, Any]


class Overrides(BaseModel):
    """Recipe fields for single datasets, by use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pretrain: dict[str, dict[str, Any]] = {}
    finetune: dict[str, dict[str, Any]] = {}


class CardFacts(BaseModel):
    """What a folder's pictures do not say of themselves; it decides no outcome; it goes onto their cards."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = None
    origin: Literal["natural", "medical"] | None = None
    modality: str | None = None
    licence: str | None = None
    citation: str | None = None


class EngineChoice(BaseModel):
    """Which engine runs the jobs: its name, and beside it the options of its own."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = "local"

    @property
    def options(self) -> dict[str, Any]:
        """What is set of the engine; checked by the engine."""
        return dict(self.model_extra or {})


class TrackingChoice(BaseModel):
    """Where the study can be watched while it runs: MLflow, in a file beside the study or on a server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["mlflow"] = "mlflow"
    uri: str | None = None


def _as_named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class StudyFile(BaseModel):
    """The fields of a study file; `backbone`, `recipe` and `seed` take one value or a list (an axis each)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    sources: Annotated[list[str], BeforeValidator(_expanded), Field(min_length=1)]
    targets: Annotated[list[str], BeforeValidator(_expanded), Field(min_length=1)]
    exclude: list[tuple[str, str]] = []
    backbone: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)] = ["resnet50"]
    recipe: Annotated[list[RecipeChoice], BeforeValidator(_as_list), Field(min_length=1)] = ["small"]
    pretrain_recipe: RecipeChoice | None = None
    overrides: Overrides = Overrides()
    folds: Annotated[int, Field(ge=2, le=20)] | Literal["official"] = 5
    seed: Annotated[list[Annotated[int, Field(ge=0)]], BeforeValidator(_as_list), Field(min_length=1)] = [1]
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    energy: str | None = None  # a country's code of three letters: measure energy and carbon of every job
    allow_leakage: bool = False  # run although a test image was trained on; the report says so
    group_near_duplicates: bool = False  # keep images that look nearly the same on one side of every fold

    cards: dict[str, CardFacts] = {}  # by dataset, as it stands among sources and targets
    transferability: Literal["auc", "error"] = "auc"  # what a report takes as the gain over none

    # How it is run decides nothing of what comes out: neither is part of any job's key.
    engine: Annotated[EngineChoice, BeforeValidator(_as_named)] = EngineChoice()
    tracking: Annotated[TrackingChoice | None, BeforeValidator(_as_named)] = None

    @field_validator("cards")
    @classmethod
    def _cards_of_its_own(cls, cards: dict[str, CardFacts], info: ValidationInfo) -> dict[str, CardFacts]:
        known = [*info.data.get("sources", []), *info.data.get("targets", [])]
        if strange := [name for name in cards if name not in known]:
            raise ValueError(f"{strange[0]!r} is neither a source nor a target; those are {', '.join(known)}")
        return cards

    @field_validator("sources", "targets", "backbone", "seed")
    @classmethod
    def _no_repeats(cls, values: list[Any]) -> list[Any]:
        twice = [value for position, value in enumerate(values) if value in values[:position]]
        if twice:
            raise ValueError(f"{twice[0]!r} is listed twice")
        return values


def read_study_file(path: Path) -> StudyFile:
    """Read and validate a study file; an `InputError` names the file, the field, what was found and is accepted."""
    if not path.is_file():
        raise InputError(
            f"study file {path} does not exist; give the path of a YAML file (see docs/study-file.md)"
        )
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        hint = "; quote a name with brackets or commas in a list on one line" if "[" in str(error) else ""
        raise InputError(
            f"study file {path} is not valid YAML: {' '.join(str(error).split())}{hint}"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"study file {path} holds {type(found).__name__}, not fields such as 'sources:'")
    found.setdefault("name", path.stem)
    return make_study(found, f"study file {path}")


def make_study(fields: Mapping[str, Any], origin: str = "study") -> StudyFile:
    """A validated study from its fields; `origin` is what an error calls them."""
    try:
        return StudyFile.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "its fields"
        if first["type"] == "extra_forbidden":
            raise InputError(f"{origin}: {unknown_name('field', field, StudyFile.model_fields)}") from error
        if first["type"] == "missing":
            raise InputError(f"{origin}: field {field!r} is missing; it takes a list of names") from error
        raise InputError(f"{origin}: field {field!r}: found {first['input']!r}; {first['msg']}") from error
