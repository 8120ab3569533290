"""The card of a dataset, README.md, by whose header Hugging Face `datasets` loads the folder as it is."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import yaml

from pipelines.config import dump_yaml
from pipelines.errors import format_counts
from pipelines.io.connection import StorageError
from pipelines.io.description import DatasetDescription
from pipelines.io.encode import ROW_TYPES
from pipelines.io.paths import AnyPath
from pipelines.io.row import IMAGE_TYPE

CARD_FILE = "README.md"
"""File name of the card of a dataset."""

CARD_PROBLEMS = CARD_MISSING, CARD_DIFFERS = "card missing", "card differs from the dataset"

UNKNOWN_LICENCE = "unknown"
"""The licence in a new card."""

_BEGIN, _END = "<!-- ocrmill: begin -->", "<!-- ocrmill: end -->"
_HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_SPLIT_FILES = re.compile(r"(\w+)/shards/\*\.parquet", re.ASCII)


def card_header(text: str) -> dict[str, Any]:
    """Return the YAML header of a card; empty if it has none that can be read."""
    match = _HEADER.match(text)
    try:
        header = yaml.safe_load(match[1]) if match else None
    except (yaml.YAMLError, ValueError, RecursionError):
        header = None
    return header if isinstance(header, dict) else {}


def read_text(path: AnyPath) -> str | None:
    """Read a text file; None if there is none that can be read. Raises StorageError if the storage fails."""
    try:
        return path.read_bytes().decode()
    except StorageError:
        raise
    except (OSError, UnicodeDecodeError):
        return None


def split_folders(folder: AnyPath) -> dict[str, AnyPath]:
    """Return the datasets below a folder of splits, by the names of the splits; empty for other folders."""
    configs = card_header(read_text(folder / CARD_FILE) or "").get("configs")
    try:
        files = [str(entry["path"]) for entry in configs[0]["data_files"]]  # type: ignore[index]
    except (TypeError, LookupError):
        return {}
    return {match[1]: folder / match[1] for path in files if (match := _SPLIT_FILES.fullmatch(path))}


def card_problem(text: str | None, parts: Mapping[str, DatasetDescription]) -> str:
    """Compare a card with complete datasets, as for `build_card`; empty if it describes them."""
    if not _is_parquet(parts):
        return ""
    header = card_header(text or "")
    is_same = all(header.get(key) == value for key, value in _loading(parts).items())
    return CARD_MISSING if text is None else "" if is_same else CARD_DIFFERS


def build_card(parts: Mapping[str, DatasetDescription], recipe: str, previous: str = "") -> str:
    """Return the card of complete datasets.

    Args:
        parts: the datasets by the names of their folders; "" for a dataset without splits.
        recipe: the content of the recipe.yaml of a dataset; empty if unknown.
        previous: the card so far. Other keys of its header, and the text outside of the generated part, are kept.
    """
    first = next(iter(parts.values()))
    kind = re.search(r"^kind: *([\w-]+)", recipe, re.MULTILINE)
    task = "image-to-text" if first.kind == "lines" else "object-detection"
    header = {"license": UNKNOWN_LICENCE, "task_categories": [task], "tags": ["ocr"]}
    body = _HEADER.sub("", previous, count=1)
    generated = f"{_BEGIN}\n{_body(parts, kind[1] if kind else first.kind)}{_END}"
    if _BEGIN in body and _END in body.partition(_BEGIN)[2]:
        before, _, rest = body.partition(_BEGIN)
        body = f"{before}{generated}{rest.partition(_END)[2]}"
    else:
        body = f"\n{generated}\n{body}"
    return f"---\n{dump_yaml(header | card_header(previous) | _loading(parts))}---\n{body}"


def _is_parquet(parts: Mapping[str, DatasetDescription]) -> bool:
    return all(part.format == "parquet" for part in parts.values())


def _split_name(part: DatasetDescription) -> str:
    return part.split.name if part.split else "train"


def _loading(parts: Mapping[str, DatasetDescription]) -> dict[str, Any]:
    """The keys of the header by which `datasets` loads the folder."""
    kind = next(iter(parts.values())).kind
    files = [
        {"split": _split_name(part), "path": f"{folder}/shards/*.parquet".lstrip("/")} for folder, part in parts.items()
    ]
    splits = [
        {"name": _split_name(part), "num_bytes": part.bytes, "num_examples": part.rows} for part in parts.values()
    ]
    return {
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": {"features": _features(ROW_TYPES[kind].SCHEMA), "splits": splits},
    }


def _features(fields: Any) -> list[dict[str, Any]]:
    return [{"name": field.name} | _feature(field.type) for field in fields]


def _feature(data_type: pa.DataType) -> dict[str, Any]:
    """Return a type as in the header of a card."""
    if data_type == IMAGE_TYPE:
        return {"dtype": "image"}
    if pa.types.is_struct(data_type):
        return {"struct": _features(data_type)}
    if pa.types.is_list(data_type):
        [item] = _feature(data_type.value_type).values()
        return {"list": item}
    return {"dtype": "float32" if pa.types.is_float32(data_type) else str(data_type)}


def _command(parts: Mapping[str, DatasetDescription], job: str) -> str:
    """The command that makes the datasets again."""
    (folder, part), *_ = parts.items()
    if job not in ROW_TYPES:
        return f"ocrmill {job} ...  # with the inputs and settings in recipe.yaml"
    words = ["ocrmill", "generate", f"{folder}/recipe.yaml".lstrip("/"), "-o", "DIR", "-n", str(part.count)]
    words += ["--seed", str(part.seed)] + (["--start", str(part.start)] if part.start else [])
    splits = [f"{other.split.name}={other.split.share:g}" for other in parts.values() if other.split]
    return shlex.join([*words, "--split", ",".join(splits)] if splits and folder else words)


def _body(parts: Mapping[str, DatasetDescription], job: str) -> str:
    first = next(iter(parts.values()))
    skipped = "".join(f"; skipped: {format_counts(part.skipped)}" for part in parts.values() if part.skipped)
    rows = ", ".join(f"{_split_name(part)} {part.rows or 0:,}" for part in parts.values())
    fonts = sorted({(font.family, font.licence or "not stated by the font") for font in first.fonts})
    table = [f"| {family} | {' '.join(licence.split()).replace('|', '/')} |" for family, licence in fonts]
    return f"""# {"Text lines" if first.kind == "lines" else "Images with text"} from {first.source}

Rows: {rows}{skipped}. The columns are described in the documentation of ocrmill (docs/formats.md).

```python
import datasets

datasets.load_dataset("PATH OR NAME OF THIS DATASET", split="{_split_name(first)}")[0]["image"]
```

## Recipe

Made with ocrmill {first.versions.get("ocrmill", "")}; `recipe.yaml` holds all settings. Made again by

```sh
{_command(parts, job)}
```
""" + ("\n## Fonts\n\n| family | licence |\n|---|---|\n" + "\n".join(table) + "\n" if table else "")
