"""A RUN: the folder of a trained network."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar

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
from pipelines.inference.predictors import TextDetector, TextRecognizer
from pipelines.io.atomic import wrap_write_errors, write_atomic
from synthtext.core import Charset, InputError

ModelKind: TypeAlias = Literal["recognizer", "detector"]
NetworkSettingsT = TypeVar("NetworkSettingsT", bound=BaseModel)

CONFIG_FILE = "config.yaml"
CHARSET_FILE = "charset.txt"
PREPROCESSING_FILE = "preprocessing.json"
WEIGHTS_FILE = "weights.safetensors"

BEST_NETWORK, SMALLEST_NETWORK = "best", "smaller"
"""Of networks that learnt together: the one with the best score, and the one with the fewest parameters."""

_MEMBER = "network"  # in the header of WEIGHTS: which of several networks they are of


class RecognizerSettings(BaseModel):
    """`network` in a RUN's `config.yaml`: the sizes of a recognizer, see `RecognizerConfig`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: Annotated[str, AfterValidator(RECOGNIZER_BACKBONES.check)] = "lcnet"
    backbone_scale: float = Field(default=0.5, gt=0, le=4)
    lstm_hidden: int = Field(default=64, ge=1)
    head_dim: int = Field(default=96, ge=1)
    blank_bias: float = 0.0
    neck: Annotated[str, AfterValidator(RECOGNIZER_NECKS.check)] = "lstm"

    def build(self, charset: Charset, height: int) -> Recognizer:
        """A recognizer with fresh weights for a charset and a height of lines in pixels."""
        return Recognizer(RecognizerConfig(CTCCodec(charset).classes, height=height, **self.model_dump()))


class DetectorSettings(BaseModel):
    """`network` in the `config.yaml` of a detector's RUN, see `DetectorConfig`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backbone: Annotated[str, AfterValidator(DETECTOR_BACKBONES.check)] = "mobilenet_v3"
    backbone_scale: float = Field(default=0.5, gt=0, le=4)
    neck_channels: int = Field(default=96, ge=4, multiple_of=4)
    neck: Annotated[str, AfterValidator(DETECTOR_NECKS.check)] = "db_fpn"

    def build(self) -> Detector:
        """A detector with fresh weights."""
        return Detector(DetectorConfig(**self.model_dump()))


@dataclass(frozen=True)
class Run:
    """A RUN on disk.

    Attributes:
        folder: holds `config.yaml`, `preprocessing.json`, the `charset.txt` of a recognizer, and `weights.safetensors`
            once a network was validated. Where several networks were trained together each has its own file beside
            it, and `weights.safetensors` is that of the best.
        network_name: which of those networks is meant; None: the best.
    """

    folder: Path
    network_name: str | None = None

    @classmethod
    def create(
        cls,
        folder: Path,
        config: SettingsDict,
        preprocessing: RecognizerPreprocessing | DetectorPreprocessing,
        charset: Charset | None = None,
    ) -> "Run":
        """Make a RUN without weights; `config.yaml` is written last, so that a folder that has it is whole.

        Raises:
            InputError: the folder cannot be written to.
        """
        run = cls(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if charset is not None:
                charset.write(folder / CHARSET_FILE)
            write_atomic(folder / PREPROCESSING_FILE, preprocessing.to_json())
            write_atomic(folder / CONFIG_FILE, dump_yaml(config))
        except OSError as error:
            raise InputError(f"{folder} cannot be used as a RUN: {error.strerror}") from None
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open a RUN that is there.

        Raises:
            InputError: the folder is missing or is no RUN.
        """
        if not (folder / CONFIG_FILE).is_file():
            missing = "it is no folder" if not folder.is_dir() else f"it has no {CONFIG_FILE}"
            raise InputError(f"{folder} is no RUN: {missing}; name the folder given to `ocrmill train -o`")
        return cls(folder)

    @cached_property
    def config(self) -> SettingsDict:
        """The resolved settings."""
        return read_yaml(self.folder / CONFIG_FILE)

    @property
    def kind(self) -> ModelKind:
        """What the network does."""
        return "detector" if self.config.get("kind") == "detector" else "recognizer"

    @cached_property
    def charset(self) -> Charset:
        """The characters that a recognizer knows."""
        self._require("recognizer")
        return Charset.from_file(self.folder / CHARSET_FILE, add_space=False)

    @cached_property
    def preprocessing(self) -> RecognizerPreprocessing:
        """What is done to the picture of a line before a recognizer sees it."""
        self._require("recognizer")
        return RecognizerPreprocessing.read(self.folder / PREPROCESSING_FILE)

    @cached_property
    def detector_preprocessing(self) -> DetectorPreprocessing:
        """What is done to a picture before a detector sees it."""
        self._require("detector")
        return DetectorPreprocessing.read(self.folder / PREPROCESSING_FILE)

    @cached_property
    def boxes(self) -> PostprocessSettings:
        """How a detector's maps become boxes."""
        self._require("detector")
        return validate_dataclass(
            PostprocessSettings, self.config.get("postprocessing", {}), f"{self.folder / CONFIG_FILE}, postprocessing"
        )

    def load_recognizer(self) -> Recognizer:
        """The best recognizer so far, or the member that is meant, in evaluation mode.

        Raises:
            InputError: this is a detector, there are no weights yet, or they do not belong to these settings.
        """
        model = self.recognizer_settings.build(self.charset, self.preprocessing.height)
        load_weights(self.weights_path(self.network_name), model)
        return model.eval()

    @property
    def recognizer_settings(self) -> RecognizerSettings:
        """Sizes of a recognizer."""
        self._require("recognizer")
        return self._sizes(RecognizerSettings)

    def load_detector(self) -> Detector:
        """The best detector so far, or the member that is meant, in evaluation mode.

        Raises:
            InputError: this is a recognizer, there are no weights yet, or they do not belong to these settings.
        """
        model = self.detector_settings.build()
        load_weights(self.weights_path(self.network_name), model)
        return model.eval()

    @property
    def detector_settings(self) -> DetectorSettings:
        """Sizes of a detector."""
        self._require("detector")
        return self._sizes(DetectorSettings)

    def _sizes(self, kind: type[NetworkSettingsT]) -> NetworkSettingsT:
        own = self._members.get(self.network_name or _member_of(self.folder / WEIGHTS_FILE), {}).get("network")
        settings = self.config.get("network", {}) if own is None else own
        return validate_model(kind, settings, f"{self.folder / CONFIG_FILE}: network")

    @property
    def _members(self) -> SettingsDict:
        members: SettingsDict = self.config.get("network_group", {}).get("networks", {})
        return members

    def select_network(self, name: str) -> "Run":
        """The same for one of the networks that were trained together, or that taught them.

        Args:
            name: of the network, or "best", or "smaller": of those that learnt, the one with the fewest parameters;
                the best of equals.

        Raises:
            InputError: there is none of that name.
        """
        learners = [member for member, entry in self._members.items() if not entry.get("frozen")]
        if name == BEST_NETWORK or (name == SMALLEST_NETWORK and len(learners) <= 1):
            return replace(self, network_name=None)
        if name == SMALLEST_NETWORK:
            candidates = [replace(self, network_name=member) for member in (None, *learners)]
            return min(candidates, key=Run._parameters)
        if name not in self._members:
            raise InputError(
                f"{self.folder} has no network {name!r}; {suggest_key(name, [*self._members, BEST_NETWORK, SMALLEST_NETWORK])}"
            )
        return replace(self, network_name=None if learners == [name] else name)

    def _parameters(self) -> int:
        if self.kind == "detector":
            model: nn.Module = self.detector_settings.build()
        else:
            model = self.recognizer_settings.build(self.charset, self.preprocessing.height)
        return sum(parameter.numel() for parameter in model.parameters())

    def recognizer(self, precision: Precision = "fp32") -> TextRecognizer:
        """The best recognizer so far, ready to read with torch; raises as `load_recognizer` does."""
        return TextRecognizer(torch_recognizer(self.load_recognizer(), precision), self.charset, self.preprocessing)

    def detector(self, precision: Precision = "fp32") -> TextDetector:
        """The best detector so far, ready to read with torch; raises as `load_detector` does."""
        return TextDetector(torch_detector(self.load_detector(), precision), self.detector_preprocessing, self.boxes)

    def _require(self, kind: ModelKind) -> None:
        if self.kind != kind:
            raise InputError(f"{self.folder} is a {self.kind}, where a {kind} is wanted")

    def save_weights(self, model: nn.Module, name: str | None = None, best_network: str | None = None) -> None:
        """Keep a network's weights as the best, in place of those before, or under the name of a member of a team.

        Args:
            model: the network.
            name: of the member; None: these are the best weights.
            of: which of several members the best weights are of.

        Raises:
            JobError: they cannot be written; those before are kept.
        """
        header, path = None if best_network is None else {_MEMBER: best_network}, self.weights_path(name)
        with wrap_write_errors(path):
            write_atomic(path, save(to_contiguous(model.state_dict()), header))

    def weights_path(self, name: str | None) -> Path:
        """The file of the best weights, or of a member's of a team."""
        return self.folder / (WEIGHTS_FILE if name is None else f"{name}.safetensors")


def load_weights(path: Path, model: nn.Module) -> None:
    """Copy the tensors of a safetensors file into a network.

    Raises:
        InputError: the file is missing or broken, or is of another network.
    """
    try:
        model.load_state_dict(load_file(path))
    except FileNotFoundError:
        raise InputError(f"{path.parent} has no {path.name} yet: it was never validated; train it further") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    except RuntimeError as error:
        problem = str(error).split("\n\t")[1 if "\n\t" in str(error) else 0]
        raise InputError(f"{path} does not belong to the network of {path.parent / CONFIG_FILE}: {problem}") from None


def _member_of(path: Path) -> str:
    """The name of the network that the best weights are of, if there were several; reading them tells of damage."""
    with suppress(SafetensorError, OSError), safe_open(path, "pt") as file:
        name: str = (file.metadata() or {}).get(_MEMBER, "")
        return name
    return ""


def to_contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as safetensors wants them: on the CPU, in the order of their dimensions."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
