"""The run directory: settings, preprocessing, charset and weights of a trained network."""

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.backbones.base import DETECTOR_BACKBONES, RECOGNIZER_BACKBONES
from models.ctc import CTCCodec
from models.db.boxes import PostprocessSettings
from models.detector import Detector, DetectorConfig
from models.necks.base import DETECTOR_NECKS, RECOGNIZER_NECKS
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.config import SettingsDict, dump_yaml, read_yaml, suggest_key, validate_dataclass, validate_model
from pipelines.datasets.preprocessing import DetectorPreprocessing, RecognizerPreprocessing
from pipelines.inference.engine import Precision, torch_detector, torch_recognizer
from pipelines.inference.last_weights import load_last_weights
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.inference.run_display import run_to_html
from pipelines.io.atomic import wrap_write_errors, write_atomic
from synthtext.core import Charset, InputError

ModelKind: TypeAlias = Literal["recognizer", "detector"]
ModelT = TypeVar("ModelT", bound=nn.Module)
NetworkSettingsT = TypeVar("NetworkSettingsT", bound=BaseModel)

CONFIG_FILE = "config.yaml"
CHARSET_FILE = "charset.txt"
PREPROCESSING_FILE = "preprocessing.json"
WEIGHTS_FILE = "weights.safetensors"
_NETWORK_KEY = "network"  # in the header of this file

BEST_NETWORK, SMALLEST_NETWORK = "best", "smallest"
"""Names that select one of several networks: the one with the best score, and the one with the fewest parameters."""


class RecognizerSettings(BaseModel):
    """The section `network` of a recognizer's `config.yaml`; see `RecognizerConfig`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: Annotated[str, AfterValidator(RECOGNIZER_BACKBONES.check)] = "lcnet"
    backbone_scale: float = Field(default=0.5, gt=0, le=4)
    neck_hidden: int = Field(default=64, ge=1)
    head_dim: int = Field(default=96, ge=1)
    blank_bias: float = 0.0
    neck: Annotated[str, AfterValidator(RECOGNIZER_NECKS.check)] = "lstm"

    def build(self, charset: Charset, height: int) -> Recognizer:
        """Return a recognizer with new weights for a charset and lines of `height` pixels."""
        return Recognizer(RecognizerConfig(CTCCodec(charset).classes, height=height, **self.model_dump()))


class DetectorSettings(BaseModel):
    """The section `network` of a detector's `config.yaml`; see `DetectorConfig`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: Annotated[str, AfterValidator(DETECTOR_BACKBONES.check)] = "mobilenet_v3"
    backbone_scale: float = Field(default=0.5, gt=0, le=4)
    neck_channels: int = Field(default=96, ge=4, multiple_of=4)
    neck: Annotated[str, AfterValidator(DETECTOR_NECKS.check)] = "db_fpn"

    def build(self) -> Detector:
        """Return a detector with new weights."""
        return Detector(DetectorConfig(**self.model_dump()))


@dataclass(frozen=True)
class RunDirectory(ABC, Generic[ModelT]):
    """A run directory on disk, of a `RecognizerRun` or a `DetectorRun`. A notebook shows its scores and curves.

    Attributes:
        folder: holds `config.yaml`, `preprocessing.json`, the `charset.txt` of a recognizer, and `weights.safetensors`
            after the first validation. Networks that were trained together have a file of weights each, and
            `weights.safetensors` holds those of the best one.
        network_name: which of these networks to use; None: the best one.
        last: use the last weights, those of the checkpoint, instead of the best ones.
    """

    folder: Path
    network_name: str | None = None
    last: bool = False

    kind: ClassVar[ModelKind]

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a run directory of this kind; raises InputError if the folder is none."""
        run = open_run(folder)
        if not isinstance(run, cls):
            raise InputError(f"{folder} is a {run.kind}, not a {cls.kind}")
        return run

    def _repr_html_(self) -> str:
        return run_to_html(self.folder, f"{self.kind} {self.folder}")

    @cached_property
    def config(self) -> SettingsDict:
        """All settings in `config.yaml`."""
        return read_yaml(self.folder / CONFIG_FILE)

    @abstractmethod
    def build_model(self) -> ModelT:
        """Return the network with new weights."""

    def load_model(self) -> ModelT:
        """Return the network with its best or last weights, in evaluation mode; raises InputError if there are none."""
        model = self.build_model()
        if self.last:
            load_last_weights(self.folder, model, self.network_name or _saved_network_name(self.folder / WEIGHTS_FILE))
        else:
            _load_weights(self.weights_path(self.network_name), model)
        return model.eval()

    def select_network(self, name: str) -> Self:
        """Return the same run directory with another of its networks selected.

        Args:
            name: of a network, "best", or "smallest": the best of the trained networks with the fewest parameters.

        Raises:
            InputError: there is no network of that name.
        """
        networks = self._networks
        students = [network for network, entry in networks.items() if not entry.get("frozen")]
        if name == BEST_NETWORK or (name == SMALLEST_NETWORK and len(students) <= 1):
            return replace(self, network_name=None)
        if name == SMALLEST_NETWORK:
            candidates = [replace(self, network_name=network) for network in (None, *students)]
            return min(candidates, key=lambda run: sum(p.numel() for p in run.build_model().parameters()))
        if name not in networks:
            hint = suggest_key(name, [*networks, BEST_NETWORK, SMALLEST_NETWORK])
            raise InputError(f"{self.folder} has no network {name!r}; {hint}")
        return replace(self, network_name=None if students == [name] else name)

    def save_weights(self, model: nn.Module, name: str | None = None, best_network: str | None = None) -> None:
        """Write the weights of a network, replacing the previous file.

        Args:
            model: the network.
            name: of the network, if there are several; None: write the best weights.
            best_network: name of the network that the best weights belong to, if there are several.

        Raises:
            JobError: the file cannot be written; the previous one is kept.
        """
        path, header = self.weights_path(name), None if best_network is None else {_NETWORK_KEY: best_network}
        with wrap_write_errors(path):
            write_atomic(path, save(to_contiguous(model.state_dict()), header))

    def weights_path(self, name: str | None = None) -> Path:
        """Return the file of a network's weights; without a name, that of the best weights."""
        return self.folder / (WEIGHTS_FILE if name is None else f"{name}.safetensors")

    @property
    def _networks(self) -> dict[str, Any]:
        networks: dict[str, Any] = self.config.get("network_group", {}).get("networks", {})
        return networks

    def _network_settings(self, model: type[NetworkSettingsT]) -> NetworkSettingsT:
        name = self.network_name or _saved_network_name(self.folder / WEIGHTS_FILE)
        own = self._networks.get(name, {}).get("network")
        settings = self.config.get("network", {}) if own is None else own
        return validate_model(model, settings, f"{self.folder / CONFIG_FILE}: network")


@dataclass(frozen=True)
class RecognizerRun(RunDirectory[Recognizer]):
    """The run directory of a recognizer."""

    kind = "recognizer"

    @property
    def settings(self) -> RecognizerSettings:
        """Sizes of the selected network."""
        return self._network_settings(RecognizerSettings)

    @cached_property
    def charset(self) -> Charset:
        """The characters that the network can read."""
        return Charset.from_file(self.folder / CHARSET_FILE, add_space=False)

    @cached_property
    def preprocessing(self) -> RecognizerPreprocessing:
        """How the image of a line becomes the network's input."""
        return RecognizerPreprocessing.read(self.folder / PREPROCESSING_FILE)

    def build_model(self) -> Recognizer:
        """Return the network with new weights."""
        return self.settings.build(self.charset, self.preprocessing.height)

    def predictor(self, precision: Precision = "fp32") -> TextRecognizer:
        """Return the best network so far as a predictor that runs in torch; raises as `load_model` does."""
        return TextRecognizer(torch_recognizer(self.load_model(), precision), self.charset, self.preprocessing)


@dataclass(frozen=True)
class DetectorRun(RunDirectory[Detector]):
    """The run directory of a detector."""

    kind = "detector"

    @property
    def settings(self) -> DetectorSettings:
        """Sizes of the selected network."""
        return self._network_settings(DetectorSettings)

    @cached_property
    def preprocessing(self) -> DetectorPreprocessing:
        """How an image becomes the network's input."""
        return DetectorPreprocessing.read(self.folder / PREPROCESSING_FILE)

    @cached_property
    def postprocessing(self) -> PostprocessSettings:
        """How probability maps become boxes."""
        where = f"{self.folder / CONFIG_FILE}, postprocessing"
        return validate_dataclass(PostprocessSettings, self.config.get("postprocessing", {}), where)

    def build_model(self) -> Detector:
        """Return the network with new weights."""
        return self.settings.build()

    def predictor(self, precision: Precision = "fp32") -> TextDetector:
        """Return the best network so far as a predictor that runs in torch; raises as `load_model` does."""
        return TextDetector(torch_detector(self.load_model(), precision), self.preprocessing, self.postprocessing)


Run: TypeAlias = RecognizerRun | DetectorRun


def create_run(
    folder: Path,
    config: SettingsDict,
    preprocessing: RecognizerPreprocessing | DetectorPreprocessing,
    charset: Charset | None = None,
) -> Run:
    """Make a run directory without weights; `config.yaml` is written last, so a folder that has one is complete.

    Args:
        folder: to create or fill.
        config: the settings; `kind` says which kind of network they describe.
        preprocessing: of the network's input.
        charset: of a recognizer.

    Raises:
        InputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if charset is not None:
            charset.write(folder / CHARSET_FILE)
        write_atomic(folder / PREPROCESSING_FILE, preprocessing.to_json())
        write_atomic(folder / CONFIG_FILE, dump_yaml(config))
    except OSError as error:
        raise InputError(f"{folder} cannot be used as a run directory: {error.strerror}") from None
    return open_run(folder)


def open_run(folder: Path) -> Run:
    """Open a run directory of either kind; raises InputError if the folder is missing or is not a run directory."""
    path = folder / CONFIG_FILE
    if not path.is_file():
        reason = f"it has no {CONFIG_FILE}" if folder.is_dir() else "there is no such folder"
        raise InputError(f"{folder} is not a run directory: {reason}; name the folder given to `ocrmill train -o`")
    return DetectorRun(folder) if read_yaml(path).get("kind") == "detector" else RecognizerRun(folder)


def _load_weights(path: Path, model: nn.Module) -> None:
    try:
        model.load_state_dict(load_file(path))
    except FileNotFoundError:
        raise InputError(
            f"{path.parent} has no {path.name} yet: no validation has run; re-run `ocrmill train` to resume"
        ) from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    except RuntimeError as error:
        problem = str(error).split("\n\t")[1 if "\n\t" in str(error) else 0]
        raise InputError(f"{path} does not fit the network in {path.parent / 'config.yaml'}: {problem}") from None


def _saved_network_name(path: Path) -> str:
    """Return the name of the network in a file; empty if the file is missing, damaged or names none."""
    with suppress(SafetensorError, OSError), safe_open(path, "pt") as file:
        name: str = (file.metadata() or {}).get(_NETWORK_KEY, "")
        return name
    return ""


def to_contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors as safetensors requires them: on the CPU, contiguous in memory."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
