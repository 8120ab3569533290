"""Training a recognizer: CTC over lines from any number of sources."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from models.batch import RecognitionBatch, normalise
from models.ctc import CTCCodec, ctc_loss
from models.spacing import spacing_loss
from pipelines.evaluate import evaluate_recognizer
from pipelines.networks import TextRecognizer, torch_recognizer
from pipelines.reader import RecognitionSource, RecognitionStream, Selection, make_loader
from pipelines.train.config import TrainConfig
from pipelines.train.task import Validation
from synthtext.core import Charset


class RecognizerTask:
    """A fresh recognizer, the lines that it learns from, and those that it is scored on.

    Args:
        config: with concrete device and precision.
        charset: what it is to read.
        selections: usable lines of the sources in `config.data`.
        val: the sources in `config.val`.
    """

    def __init__(
        self,
        config: TrainConfig,
        charset: Charset,
        selections: Sequence[Selection],
        val: Sequence[RecognitionSource],
    ) -> None:
        self._config, self._val = config, val
        self._codec, self._preprocessing = CTCCodec(charset), config.input.preprocessing()
        weights = [entry.weight for entry in config.data]
        self._stream = RecognitionStream(
            selections, weights, self._codec, self._preprocessing, config.batch_size, config.seed
        )
        torch.manual_seed(config.seed)
        self.model = config.network.build(charset, config.input.height)

    def batches(self, start: int, stop: int) -> Iterator[RecognitionBatch]:
        """The batches of steps start to stop - 1."""
        return make_loader(self._stream, start, stop, self._config.data_workers)

    def losses(self, batch: RecognitionBatch, step: int) -> dict[str, Tensor]:
        """The CTC loss; at first mixed with that of even spacing, see `spacing_loss`."""
        images, widths, targets, lengths = (tensor.to(self._config.device) for tensor in batch[:4])
        logits = self.model(normalise(images, widths)).logits
        ctc = ctc_loss(logits, targets, lengths)
        share = self._spacing_share(step)
        if not share:
            return {"ctc": ctc}
        spacing = spacing_loss(logits, targets, lengths, widths / images.shape[3])
        return {"ctc": (1 - share) * ctc, "spacing": share * spacing}

    def _spacing_share(self, step: int) -> float:
        """1 at first, falling evenly to 0."""
        lines = self._config.spacing_samples
        return max(0.0, 1 - step * self._config.batch_size / lines) if lines else 0.0

    def keys(self, batch: RecognitionBatch) -> tuple[str, ...]:
        """Names of the lines in a batch."""
        return batch.keys

    def validate(self, model: nn.Module) -> Validation:
        """Scores as `ocrmill evaluate` gives them, in float32; the best is that of the highest mean over sources."""
        recognizer = TextRecognizer(torch_recognizer(model), self._codec.charset, self._preprocessing)
        scores = {source.name: evaluate_recognizer(recognizer, source).scores.as_dict() for source in self._val}
        mean = sum(values[self._config.best_by] for values in scores.values()) / len(scores)
        return Validation(mean, scores)
