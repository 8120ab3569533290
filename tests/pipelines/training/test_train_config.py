import pytest

from pipelines.training.resolve import parse_source, resolve_config, training_preset_names
from synthtext.core import InputError


def test_every_preset_is_valid():
    assert {"rec-lcnet", "rec-tiny"} <= set(training_preset_names())
    for name in training_preset_names():
        config = resolve_config(name, ["a", "b=2.5"], ["c"])
        assert [entry.weight for entry in config.data] == [1, 2.5]
        assert config.steps * config.batch_size >= config.samples


def test_presets_have_the_published_sizes():
    network = resolve_config("rec-lcnet").network
    assert (network.backbone_scale, network.neck_hidden, network.head_dim) == (0.5, 64, 96)


def test_overrides_reach_every_depth():
    config = resolve_config("rec-lcnet", overrides=["optim.lr=1e-4", "samples=10", "batch_size=4", "input.height=48"])
    assert config.optim.lr == 1e-4
    assert config.input.preprocessing().height == 48
    assert config.steps == 3


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("optim.lr=fast", r"optim\.lr: .*not 'fast'"),
        ("optim.lr=-1", r"optim\.lr"),
        ("optim.rl=1", r"unknown key 'optim\.rl'; known are betas"),
        ("optim.schedule=linear", r"optim\.schedule: .*'cosine', 'polynomial' or 'piecewise'.*not 'linear'"),
        ("optim.schedule=piecewise", r"optim: schedule=piecewise needs milestones"),
        ("optim.milestones=[[0.5, 0.1]]", r"optim: milestones are only for schedule=piecewise, not cosine"),
        (
            "optim={schedule: piecewise, milestones: [[0.5, 0.1], [0.5, 0.01]]}",
            r"positions of the milestones must increase",
        ),
        ("optim={schedule: piecewise, milestones: [[0.5, 1.5]]}", r"optim\.milestones\.0\.1: .*not 1\.5"),
        ("optim={schedule: piecewise, milestones: [[0.5, 0.1]], final_lr_fraction: 0}", r"remove final_lr_fraction"),
        ("optim.power=2", r"optim: power is only for schedule=polynomial, not cosine"),
        ("sample=9", r"unknown key 'sample'; did you mean 'samples'"),
        ("input.height=40", r"input\.height"),
        ("batch_size=1", "batch_size"),
        ("data=[{source: x, weight: 0}]", r"data\.0\.weight"),
    ],
)
def test_an_invalid_setting_is_reported(assignment, message):
    with pytest.raises(InputError, match=message):
        resolve_config("rec-lcnet", overrides=[assignment])


def test_an_unknown_preset_suggests_the_most_similar_one():
    with pytest.raises(InputError, match="did you mean 'rec-lcnet'"):
        resolve_config("rec-lcnt")


def test_settings_can_be_read_from_a_file(tmp_path):
    (tmp_path / "mine.yaml").write_text("charset: digits\noptim: {lr: 0.5}\n")
    assert resolve_config(str(tmp_path / "mine.yaml")).optim.lr == 0.5


def test_a_source_may_have_a_weight(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fold=3").mkdir()
    assert parse_source("fold=3").weight == 1
    assert parse_source("fold=3=0.5").source == str(tmp_path / "fold=3")
    assert parse_source("fold=3=0.5").weight == 0.5
    for wrong in ("data=much", "data=-1", "data=0", "data=nan"):
        with pytest.raises(InputError, match="source"):
            parse_source(wrong)
