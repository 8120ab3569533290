"""The last weights of a training: the averaged weights in its checkpoint, whether they are the best or not."""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import nn

from synthtext.core import InputError

STATE_FILE = "state.safetensors"
"""The checkpoint in a run directory."""

_PREFIX = "ema.networks."


def load_last_weights(folder: Path, model: nn.Module, name: str) -> None:
    """Load the averaged weights of a checkpoint into a network.

    Args:
        folder: the run directory.
        model: the network.
        name: of the network; the only network of a checkpoint needs none.

    Raises:
        InputError: there is no checkpoint, it is damaged, or it holds another network.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise InputError(f"{folder} has no checkpoint ({path.name}): there are no last weights; leave out --last")
    try:
        with safe_open(path, "pt") as file:
            keys = [key for key in file.keys() if key.startswith(_PREFIX)]  # noqa: SIM118 - no dict
            names = sorted({key.removeprefix(_PREFIX).partition(".")[0] for key in keys})
            prefix = f"{_PREFIX}{name if name in names or not names else names[0]}."
            model.load_state_dict({k.removeprefix(prefix): file.get_tensor(k) for k in keys if k.startswith(prefix)})
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is damaged: {error}") from None
    except RuntimeError as error:
        raise InputError(
            f"{path} holds another network than config.yaml: {str(error).splitlines()[-1].strip()}"
        ) from None
