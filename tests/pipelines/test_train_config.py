import pytest

from pipelines.training.resolve import parse_source, resolve_config, training_preset_names
from synthtext.core import InputError


def test_every_preset_is_a_training():
    assert {"rec-lcnet", "rec-tiny"} <= set(training_preset_names())
    for name in training_preset_names():
        config = resolve_config(name, ["a", "b=2.5"], ["c"])
        assert [entry.weight for entry in config.data] == [1, 2.5]
        assert config.steps * config.batch_size >= config.samples


def test_the_published_network_is_the_preset():
    network = resolve_config("rec-lcnet").network
    assert (network.scale, network.hidden, network.mid) == (0.5, 64, 96)


def test_overrides_reach_every_depth():
    config = resolve_config("rec-lcnet", overrides=["optim.lr=1e-4", "samples=10", "batch_size=4", "input.height=48"])
    assert config.optim.lr == 1e-4
    assert config.input.preprocessing().height == 48
    assert config.steps == 3


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("optim.lr=fast", r"optim\.lr: .*not 'fast'"),
        ("optim.lr=-1", r"optim\.lr"),
        ("optim.rl=1", r"unknown key 'optim\.rl'; known are betas"),
        ("optim.schedule=linear", r"optim\.schedule: .*'cosine', 'polynomial' or 'piecewise'.*not 'linear'"),
        ("optim.schedule=piecewise", r"optim: schedule=piecewise needs drops"),
        ("optim.drops=[[0.5, 0.1]]", r"optim: schedule=cosine has no drops"),
        ("optim={schedule: piecewise, drops: [[0.5, 0.1], [0.5, 0.01]]}", r"shares of the drops must rise"),
        ("optim={schedule: piecewise, drops: [[0.5, 1.5]]}", r"optim\.drops\.0\.1: .*not 1\.5"),
        ("optim={schedule: piecewise, drops: [[0.5, 0.1]], final_lr_fraction: 0}", r"leave final_lr_fraction out"),
        ("optim.power=2", r"optim: power is for schedule=polynomial, not cosine"),
        ("sample=9", r"unknown key 'sample'; did you mean 'samples'"),
        ("input.height=40", r"input\.height"),
        ("batch_size=1", "batch_size"),
        ("data=[{source: x, weight: 0}]", r"data\.0\.weight"),
    ],
)
def test_a_wrong_setting_is_named(assignment, told):
    with pytest.raises(InputError, match=told):
        resolve_config("rec-lcnet", overrides=[assignment])


def test_an_unknown_preset_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'rec-lcnet'"):
        resolve_config("rec-lcnt")


def test_settings_may_lie_in_a_file(tmp_path):
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
