"""What experiments consist of: inputs, and arms that are trained alike but for one thing. See `arms.yaml`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from pipelines.config import read_yaml, suggest_key, validate_model
from pipelines.training.settings import StrictSettings
from synthtext.core import InputError

FILE = Path(__file__).with_name("arms.yaml")


class LabelRows(StrictSettings):
    """The first or the last rows of a label file."""

    labels: str
    first: int | None = Field(default=None, ge=1)
    last: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.first is None) == (self.last is None):
            raise ValueError("say first or last: how many rows of which end")
        return self


class Misread(StrictSettings):
    """What a recipe is weighed anew by, see `ocrmill rebalance`.

    Attributes:
        run: a recognizer.
        misread: the lines it is evaluated on; their recipe is the one that is weighed.
    """

    run: str
    misread: str


class Drawn(StrictSettings):
    """Generated lines or scenes, see `ocrmill generate`: of a preset, or of a recipe that lies here.

    Attributes:
        generate: the recipe.
        count: samples.
        seed: of them.
        settings: of the recipe.
        without: effects that are left out: those that move something, or those that change pixels.
        families: so many of the system's font families alone, one face of each.
        commit: of this repository, whose code draws, with the recipes of its own.
        rebalance: draw by a recipe that is weighed anew instead of `generate`.
    """

    generate: str
    count: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**32)
    settings: tuple[str, ...] = ()
    without: Literal["geometry", "pixels"] | None = None
    families: int | None = Field(default=None, ge=1)
    commit: str | None = Field(default=None, pattern="^[0-9a-f]{7,40}$")
    rebalance: Misread | None = None

    @model_validator(mode="after")
    def _knows_its_recipe(self) -> Self:
        if self.commit and (self.without or self.families):
            raise ValueError("a commit draws with recipes and fonts of its own: leave out without and families")
        if self.rebalance and (self.commit or self.without or self.families or self.settings):
            raise ValueError("a recipe that is weighed anew is drawn as it is: leave out what else changes it")
        return self


class Filtered(StrictSettings):
    """Lines that two recognizers leave, see `ocrmill filter`.

    Attributes:
        filter: the lines.
        weak: a recognizer for which some are trivial.
        strong: a recognizer that cannot read some.
    """

    filter: str
    weak: str
    strong: str


class Trdg(StrictSettings):
    """Words that TRDG draws, see `trdg_worker.py`.

    Attributes:
        trdg: its version, which is installed beside the inputs.
        count: words.
        seed: of them.
        charset: named; words with other characters are passed over.
    """

    trdg: str
    count: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**32)
    charset: str


class Imported(StrictSettings):
    """A published network."""

    published: Literal["recognizer", "detector"]


Input = LabelRows | Drawn | Filtered | Trdg | Imported


class Arm(StrictSettings):
    """One training, or a network as it is.

    Attributes:
        preset: of the training, see `ocrmill train`.
        network: what is scored where nothing is trained.
        data: sources and their weights.
        val: sources to choose the best weights by.
        settings: besides those of the table.
        instead: in place of those of the table.
        runs: settings whose value is the RUN of another arm, of the same seed unless "@SEED" follows its name; of
            several arms, that of the best validation score.
    """

    preset: str | None = None
    network: str | None = None
    data: dict[str, float] = Field(default={})
    val: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    instead: tuple[str, ...] | None = None
    runs: dict[str, tuple[str, ...]] = Field(default={})

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.preset is None) == (self.network is None):
            raise ValueError("an arm has a preset to train, or a network that is scored as it is")
        return self


class Table(StrictSettings):
    """Arms that are compared.

    Attributes:
        score: sources that every arm is scored on.
        together: whether their lines are told as one source, too.
        baseline: the arm that others are compared with.
        settings: of every training.
        arms: by name; names are unique among all tables.
    """

    score: tuple[str, ...]
    together: bool = False
    baseline: str
    settings: tuple[str, ...] = ()
    arms: dict[str, Arm]


class Experiments(StrictSettings):
    """All inputs and tables."""

    inputs: dict[str, Input]
    tables: dict[str, Table]

    @classmethod
    def read(cls, path: Path = FILE) -> "Experiments":
        """Read them from YAML.

        Raises:
            InputError: the file is wrong; the sentence names the place.
        """
        return validate_model(cls, read_yaml(path), str(path))

    def table_of(self, arm: str) -> tuple[str, Table]:
        """The table that has an arm, and its name.

        Raises:
            InputError: there is none of that name.
        """
        for name, table in self.tables.items():
            if arm in table.arms:
                return name, table
        known = [arm for table in self.tables.values() for arm in table.arms]
        raise InputError(f"there is no arm {arm!r}; {suggest_key(arm, known)}")
