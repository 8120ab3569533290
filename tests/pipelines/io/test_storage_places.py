"""Paths and URIs that users give."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.datasets.open import open_line_source
from pipelines.io.location import RemotePath
from pipelines.io.paths import local_path, parse_path
from pipelines.jobs.generation import generate
from pipelines.recipes.resolve import resolve_recipe
from pipelines.training.resolve import parse_source
from synthtext.core import InputError


def test_paths_and_uris_are_parsed(tmp_path):
    assert parse_path(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert parse_path("data/train") == Path("data/train")
    path = parse_path("s3://bucket/a%20b/c?scheme=http")
    assert isinstance(path, RemotePath)
    assert pickle.loads(pickle.dumps(path / "d.json")) == RemotePath("s3://bucket/a%20b/c/d.json?scheme=http")
    assert path.filesystem()[1] == "bucket/a b/c"
    assert (path / "d.json").suffix == ".json"
    assert parse_path("s3://bucket").filesystem()[1] == parse_path("s3://bucket/").filesystem()[1] == "bucket"


@given(st.text("ab#?%2\u4e00 \n=&~:+", min_size=1))
def test_names_at_a_uri_may_hold_any_character(name):
    path = parse_path("s3://bucket/folder?scheme=http") / name / "x"
    assert path.filesystem()[1] == f"bucket/folder/{name}/x"
    assert (path.bucket, str(path)[-12:]) == ("bucket", "?scheme=http")


def test_unknown_home_folder_is_refused():
    for parse in (parse_path, open_line_source, resolve_recipe):
        with pytest.raises(InputError, match=r"~nobody-of-that-name/x.*: there is no such home folder"):
            parse("~nobody-of-that-name/x.yaml")


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("s3:/bucket/x", "two slashes"),
        ("s3://", "scheme://bucket"),
        ("s3:///x", "scheme://bucket"),
        ("s3://bucket/a b", "without spaces"),
        ("s3://key:secret@bucket/x", "AWS_ACCESS_KEY_ID"),
        ("s3://bucket/x?endpoint=1", "no option 'endpoint'"),
        ("s3://bucket/x?scheme=ftp", "http or https"),
        ("s3://bucket/x?anonymous=1", "true or false"),
        ("file://host/x", "three slashes"),
        ("gopher://host/x", "cannot be opened"),
    ],
)
def test_malformed_uris_are_refused(uri, message):
    with pytest.raises(InputError, match=message) as caught:
        generate("digits", uri, 50, workers=0)
    assert "secret" not in str(caught.value).lower().replace("aws_secret_access_key", "")


def test_local_path_refuses_a_uri():
    for spec in ("s3://bucket/run", Path("s3://bucket/run")):
        with pytest.raises(InputError, match="a run directory must be on this machine"):
            local_path(spec, "a run directory")


def test_weight_of_a_source_at_a_uri():
    uri = "s3://bucket/x?endpoint_override=127.0.0.1:9000&scheme=http"
    assert (parse_source(uri).source, parse_source(uri).weight) == (uri, 1.0)
    assert (parse_source(f"{uri}=0.5").source, parse_source(f"{uri}=0.5").weight) == (uri, 0.5)
