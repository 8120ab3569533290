"""A RUN: the folder of a trained network."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.ctc import CTCCodec
from models.recognizer import Recognizer, RecognizerConfig
from pipelines.config import Tree, dump_yaml, read_yaml, validated
from pipelines.preprocessing import RecognizerPreprocessing
from pipelines.shards.files import write_file
from synthtext.core import Charset, InputError

CONFIG = "config.yaml"
CHARSET = "charset.txt"
PREPROCESSING = "preprocessing.json"
WEIGHTS = "weights.safetensors"


class NetworkSettings(BaseModel):
    """`network` in a RUN's `config.yaml`: the sizes of a recognizer, see `RecognizerConfig`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(default=0.5, gt=0, le=4)
    hidden: int = Field(default=64, ge=1)
    mid: int = Field(default=96, ge=1)
    blank_bias: float = 0.0

    def build(self, charset: Charset, height: int) -> Recognizer:
        """A recognizer with fresh weights for a charset and a height of lines in pixels."""
        classes = CTCCodec(charset).classes
        return Recognizer(
            RecognizerConfig(classes, self.scale, height, self.hidden, self.mid, self.blank_bias),
        )


@dataclass(frozen=True)
class Run:
    """A RUN on disk.

    Attributes:
        folder: holds `config.yaml`, `charset.txt`, `preprocessing.json`, and `weights.safetensors` once a network was
            validated.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path, config: Tree, charset: Charset, preprocessing: RecognizerPreprocessing) -> "Run":
        """Make a RUN without weights; `config.yaml` is written last, so that a folder that has it is whole.

        Raises:
            InputError: the folder cannot be written to.
        """
        run = cls(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            charset.write(folder / CHARSET)
            write_file(folder / PREPROCESSING, preprocessing.to_json())
            write_file(folder / CONFIG, dump_yaml(config))
        except OSError as error:
            raise InputError(f"{folder} cannot be used as a RUN: {error.strerror}") from None
        return run

    @classmethod
    def open(cls, folder: Path) -> "Run":
        """Open a RUN that is there.

        Raises:
            InputError: the folder is missing or is no RUN.
        """
        if not (folder / CONFIG).is_file():
            missing = "it is no folder" if not folder.is_dir() else f"it has no {CONFIG}"
            raise InputError(f"{folder} is no RUN: {missing}; name the folder given to `ocrmill train -o`")
        return cls(folder)

    @cached_property
    def config(self) -> Tree:
        """The resolved settings."""
        return read_yaml(self.folder / CONFIG)

    @cached_property
    def charset(self) -> Charset:
        """The characters that the network knows."""
        return Charset.from_file(self.folder / CHARSET, add_space=False)

    @cached_property
    def preprocessing(self) -> RecognizerPreprocessing:
        """What is done to a picture before the network sees it."""
        return RecognizerPreprocessing.read(self.folder / PREPROCESSING)

    def load_recognizer(self) -> Recognizer:
        """The best network so far, in evaluation mode.

        Raises:
            InputError: there are no weights yet, or they do not belong to these settings.
        """
        where = f"{self.folder / CONFIG}: network"
        settings = validated(NetworkSettings, self.config.get("network", {}), where)
        model = settings.build(self.charset, self.preprocessing.height)
        read_weights(self.folder / WEIGHTS, model)
        return model.eval()

    def save_weights(self, model: nn.Module) -> None:
        """Keep a network's weights as the best, in place of those before."""
        write_file(self.folder / WEIGHTS, save(dense(model.state_dict())))


def read_weights(path: Path, model: nn.Module) -> None:
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
        raise InputError(f"{path} does not belong to the network of {path.parent / CONFIG}: {problem}") from None


def dense(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as safetensors wants them: on the CPU, in the order of their dimensions."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
