"""The code of a page of the documentation: its blocks, and the same code in miniature.

A block after the comment `<!-- no-run: reason -->` is left out. A block that begins with the name of a file, such as
`# signs.yaml`, is the content of that file. A block of the language `text` is the output of the block before it.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
LANGUAGES = ("python", "sh", "bash", "yaml")
SHELLS = ("sh", "bash")
PROGRAMS = ("ocrmill", "python")

FENCE = re.compile(r"^(?P<comment><!-- no-run: [^>]+-->\s*\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
FILE_NAME = re.compile(r"^# ([\w-]+\.(?:py|yaml))\b")

LIMITS = {"-n": 24, "samples": 8, "count": 8, "--rounds": 1}
SCENES = 3  # scenes take longer than lines
SMALL_SCENES = ("output={width_range: [240, 320], height_range: [240, 320]}", "fonts.size_range=[9, 30]")
QUICK = ("batch_size=4", "validate_every=4", "data_workers=0", "threads=1", "device=cpu")
SHORT = ("samples=4", "batch_size=2", "validate_every=2", "view.size=[160, 160]")  # of detectors, with long steps
WITH_WORKERS = ("generate", "copypaste", "crops", "import", "filter")
PORTS = ("6379", "9000")
"""Ports that pages use for a Ray cluster and an S3 server of this machine."""


@dataclass(frozen=True)
class Block:
    """A block of code of a page.

    Attributes:
        language: of the fence, or empty.
        text: the code, with a newline at its end.
        line: number of the line of the fence, from 1.
        span: offsets of the block in the page, with the comment before it.
        runs: whether the tests run it.
    """

    language: str
    text: str
    line: int
    span: tuple[int, int]
    runs: bool

    @property
    def file(self) -> str | None:
        """The file whose content the block is."""
        match = FILE_NAME.match(self.text)
        return match[1] if match else None


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    content = page.read_text(encoding="utf-8")
    return [
        Block(
            match["language"],
            match["text"],
            content.count("\n", 0, match.start("language")) + 1,
            match.span(),
            match["language"] in LANGUAGES and match["comment"] is None,
        )
        for match in FENCE.finditer(content)
    ]


def reduce_shell(text: str, ports: Mapping[str, str] | None = None) -> Iterator[list[str]]:
    """Yield the commands of a block with few samples, each as words.

    Args:
        text: the block.
        ports: the ports to use in place of `PORTS`.

    Raises:
        ValueError: a command is none of `PROGRAMS`, or a training has no budget.
    """
    for line in _with_ports(text, ports).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        words = [_limited(word, previous) for word, previous in zip(words, ["", *words], strict=False)]
        if not words:
            continue
        if words[0] not in PROGRAMS:
            raise ValueError(f"the page runs {words[0]}: mark the block with <!-- no-run: reason -->")
        yield words if words[0] == "python" else _reduced_command(words)


def _reduced_command(words: list[str]) -> list[str]:
    command = words[1]
    if command == "copypaste" or words[2].startswith("scenes"):
        words = [str(min(int(word), SCENES)) if before == "-n" else word for before, word in pairwise(["", *words])]
    if words[2].startswith("scenes"):
        words[3:3] = SMALL_SCENES
    if command == "generate" and "--address" in words:
        words[3:3] = ["fonts.system=false"]  # each node would read all fonts of the system
    if command == "train":
        if not any(word.startswith("samples=") for word in words):
            raise ValueError("a training without samples=N or minutes=N takes long")
        words += [setting for setting in QUICK if not any(word.startswith(setting[:10]) for word in words)]
        if words[2].startswith("det"):
            words += SHORT  # the last of equal settings counts
    if command == "preview" and "-n" not in words:
        words += ["-n", str(SCENES)]
    if command == "fit":
        words += ["--lines", str(LIMITS["-n"])]
    if command == "compare" and "-n" not in words:
        words += ["-n", str(LIMITS["-n"])]
    if command in WITH_WORKERS and "--workers" not in words and "--address" not in words:
        words += ["--workers", "0"]
    return words


def reduce_python(text: str, ports: Mapping[str, str] | None = None) -> str:
    """Return a block of Python with few samples.

    Raises:
        ValueError: a training has no budget.
    """
    text = _with_ports(text, ports)
    text = re.sub(r"\bcount=([\d_]+)", lambda match: _limited(f"count={match[1].replace('_', '')}", ""), text)
    quick = ", ".join(map(repr, ["samples=8", *QUICK]))
    text = re.sub(r'"samples=\d+"', quick, text)
    if re.search(r"\btrain\(", text) and quick not in text:
        raise ValueError("a training without samples=N or minutes=N takes long")
    return text


def _with_ports(text: str, ports: Mapping[str, str] | None) -> str:
    for port, other in (ports or {}).items():
        text = re.sub(rf"\b{port}\b", other, text)
    return text


def _limited(argument: str, previous: str) -> str:
    if previous in LIMITS and argument.isdigit():
        return str(min(int(argument), LIMITS[previous]))
    key, _, value = argument.partition("=")
    if key == "minutes":
        return f"samples={LIMITS['samples']}"
    return f"{key}={min(int(value), LIMITS[key])}" if key in LIMITS and value.isdigit() else argument
