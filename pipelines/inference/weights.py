"""Files of weights, in the format safetensors."""

from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from pipelines.io.atomic import wrap_write_errors, write_atomic
from synthtext.core import InputError

_NETWORK_KEY = "network"  # in the header


def save_weights(path: Path, model: nn.Module, network_name: str | None = None) -> None:
    """Write the weights of a network, replacing the previous file.

    Args:
        path: of the file.
        model: the network.
        network_name: recorded in the header; see `saved_network_name`.

    Raises:
        JobError: the file cannot be written; the previous one is kept.
    """
    header = None if network_name is None else {_NETWORK_KEY: network_name}
    with wrap_write_errors(path):
        write_atomic(path, save(to_contiguous(model.state_dict()), header))


def load_weights(path: Path, model: nn.Module) -> None:
    """Copy the weights in a file into a network.

    Args:
        path: of the file, in a run directory.
        model: the network.

    Raises:
        InputError: the file is missing or damaged, or belongs to another network.
    """
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


def saved_network_name(path: Path) -> str:
    """Return the name of the network in a file; empty if the file is missing, damaged or names none."""
    with suppress(SafetensorError, OSError), safe_open(path, "pt") as file:
        name: str = (file.metadata() or {}).get(_NETWORK_KEY, "")
        return name
    return ""


def to_contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors as safetensors requires them: on the CPU, contiguous in memory."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
