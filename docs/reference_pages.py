"""Pages of the documentation that are generated from the code: commands, components, settings; and checks of the API.

`mkdocs` runs this file as a hook (`mkdocs.yml`).
"""

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from pydantic import BaseModel

HOME = Path(__file__).resolve().parent.parent
PACKAGES = ("pipelines", "synthtext.corpora", "synthtext.ink", "synthtext.background", "synthtext.baselines", "augment")
"""Packages whose exported names are public."""

_ATTRIBUTE = re.compile(r"^(\w+): (.*)$")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    check_documented()
    pages = {
        "reference-commands.md": commands_page(),
        "reference-components.md": components_page(),
        "reference-settings.md": settings_page(),
        "changelog.md": (HOME / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "]("),
        "results.md": (HOME / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").replace("../docs/", ""),
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files


def check_documented() -> None:
    """Check that every public name has a docstring, and that every public function documents its parameters.

    Raises:
        PluginError: One does not; the message names all of them.
    """
    missing = list(undocumented_names())
    if missing:
        raise PluginError(f"public names without documentation: {', '.join(missing)}")


def undocumented_names() -> Iterator[str]:
    """Yield the public names without a docstring, and the parameters of functions that a docstring leaves out."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue  # type aliases and constants, described where they are defined
            text = inspect.getdoc(value) or ""
            if not text or text.startswith(f"{name}("):  # the docstring that dataclasses generate
                yield f"{package}.{name}"
            if package == "pipelines" and inspect.isfunction(value):
                parameters = inspect.signature(value).parameters
                yield from (f"{package}.{name}({key})" for key in parameters if f"    {key}: " not in text)


def commands_page() -> str:
    """Return the reference of the command line: the help of every command, by group."""
    from pipelines.cli.main import COMMANDS, app

    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="ocrmill")
    lines = ["# Commands", "", "Generated from the help texts of `ocrmill`; `ocrmill COMMAND --help` prints them.", ""]
    for panel, commands in COMMANDS.items():
        lines += [f"## {panel}", ""]
        for name in commands:
            command = root.get_command(context, name)  # type: ignore[attr-defined]
            lines += [f"### `ocrmill {name}`", "", *_help(command.help or ""), *_parameters(command), ""]
    return "\n".join(lines)


def _help(text: str) -> list[str]:
    """Return a help text as Markdown: examples become blocks of code."""
    lines: list[str] = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        for part in re.split(r"\n(?=Example: )", paragraph):
            example = part.removeprefix("Example: ")
            lines += [part, ""] if example == part else ["```sh", " ".join(example.split()), "```", ""]
    return [line.replace("\\[", "[") if line.startswith("ocrmill") else _escape(line) for line in lines]


def _escape(text: str) -> str:
    return text.replace("\\[", "[").replace("[", "\\[").replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


def _parameters(command: Any) -> list[str]:
    rows = []
    for parameter in command.params:
        if getattr(parameter, "hidden", False) or parameter.name == "help":
            continue
        is_option = parameter.param_type_name == "option"
        names = ", ".join(f"`{name}`" for name in parameter.opts) if is_option else f"`{parameter.metavar}`"
        metavar = f" `{parameter.metavar}`" if is_option and parameter.metavar else ""
        shown = parameter.show_default
        default = shown if isinstance(shown, str) else parameter.default
        known = default is not None and default is not False and default != [] and not parameter.required
        rows.append((names + metavar, _escape(parameter.help or ""), f"`{default}`" if known else ""))
    if not rows:
        return []
    return ["| argument or option | meaning | default |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


def components_page() -> str:
    """Return the reference of the components of recipes with their settings."""
    from pipelines.recipes import components as kinds

    titles = {
        "Corpora": kinds.CORPUS,
        "Baselines": kinds.BASELINE,
        "Ink styles": kinds.INK_STYLE,
        "Ink colours": kinds.INK_COLOURS,
        "Backgrounds of lines": kinds.BACKGROUND,
        "Backgrounds of scenes": kinds.SCENE_BACKGROUND,
        "Layouts of scenes": kinds.LAYOUT,
        "Effects": kinds.EFFECT,
    }
    lines = ["# Components of recipes", "", "Generated from the classes. [Recipes](recipes.md) shows how to use them."]
    for title, kind in titles.items():
        lines += ["", f"## {title}", ""]
        for name, cls in sorted(kinds.builtin_classes(kind).items()):
            lines += [f"### `{name}`", "", *describe_settings(cls), ""]
    return "\n".join(lines)


def settings_page() -> str:
    """Return the reference of the settings of recipes, trainings, copypaste and run directories."""
    from augment.copy_paste import CropRules, NaturalPaste, PaddlePaste
    from models.db.boxes import PostprocessSettings
    from models.db.targets import TargetSettings
    from models.losses.db import DBLossSettings
    from models.losses.settings import CTCLossSettings
    from pipelines.training.configs import DetectorTrainConfig, InputSettings, RecognizerTrainConfig, ViewSettings
    from pipelines.training.settings import DataSettings, OptimSettings
    from synthtext import CoverageOptions, LayoutOptions, LineLegibility, LineOutput
    from synthtext.fonts import FontOptions
    from synthtext.scenes import Clutter, Legibility, SceneOutput, TypesettingOptions

    groups: dict[str, dict[str, type]] = {
        "Recipes of lines": {
            **{"fonts": FontOptions, "layout": LayoutOptions, "coverage": CoverageOptions},
            **{"legibility": LineLegibility, "output": LineOutput},
        },
        "Recipes of scenes": {
            **{"fonts": FontOptions, "typesetting": TypesettingOptions, "clutter": Clutter},
            **{"legibility": Legibility, "output": SceneOutput},
        },
        "Trainings of recognizers": {
            **{"": RecognizerTrainConfig, "optim": OptimSettings, "data": DataSettings},
            **{"input": InputSettings, "loss": CTCLossSettings},
        },
        "Trainings of detectors": {
            **{"": DetectorTrainConfig, "view": ViewSettings, "loss": DBLossSettings},
            **{"targets": TargetSettings, "postprocessing": PostprocessSettings},
        },
        "CopyPaste": {"mode natural": NaturalPaste, "mode paddle": PaddlePaste, "crops": CropRules},
    }
    lines = ["# Settings", "", "Generated from the classes that validate settings."]
    for title, sections in groups.items():
        lines += ["", f"## {title}", ""]
        for section, cls in sections.items():
            lines += [f"### {title}: `{section}`" if section else f"### {title}: top level", ""]
            lines += [*describe_settings(cls), ""]
    return "\n".join(lines)


def describe_settings(cls: type) -> list[str]:
    """Return the first sentence of a class of settings, and a table of its fields with defaults and meanings."""
    text = inspect.getdoc(cls) or ""
    summary = text.split("\n\n", maxsplit=1)[0].replace("\n", " ")
    meanings: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        meanings |= _attributes(inspect.cleandoc(base.__doc__ or ""))
    rows = [
        f"| `{name}` | {_escape(default)} | {_escape(meanings.get(name, ''))} |" for name, default in _defaults(cls)
    ]
    table = ["", "| setting | default | meaning |", "|---|---|---|", *rows] if rows else []
    return [_escape(summary), *table]


def _defaults(cls: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of a dataclass or model and their defaults."""
    if issubclass(cls, BaseModel):
        for name, field in cls.model_fields.items():
            yield name, "required" if field.is_required() else _format(field.get_default(call_default_factory=True))
        return
    for entry in dataclasses.fields(cls):
        if entry.init and not entry.name.startswith("_"):
            made = entry.default if entry.default_factory is dataclasses.MISSING else entry.default_factory()
            yield entry.name, "required" if made is dataclasses.MISSING else _format(made)


def _format(value: Any) -> str:
    """Return a default as YAML writes it; that of a section, which has its own table, is empty."""
    if isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        return "see below"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_format, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_format(entry)}" for key, entry in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _attributes(text: str) -> dict[str, str]:
    """Return the entries of the section "Attributes:" of a docstring, by name."""
    section = text.partition("Attributes:\n")[2]
    entries: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        match = _ATTRIBUTE.match(line.strip()) if line.startswith("    ") and not line.startswith("     ") else None
        if match:
            name = match[1]
            entries[name] = match[2]
        elif name and line.strip():
            entries[name] += f" {line.strip()}"
    return entries
