"""Generation on a Ray cluster of several nodes: some die, some join late, some are incompatible."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from fontTools.ttLib import TTFont

from pipelines.cluster.remote import installed_code_version
from pipelines.errors import IncompatibleNodeError
from pipelines.io.plan import ShardSpec, read_manifest
from pipelines.jobs.check_dataset import check_dataset
from pipelines.jobs.executor import ShardTask, machine_fingerprint, write_task_on_worker
from pipelines.jobs.generation import GeneratedSource
from pipelines.recipes.digest import fingerprint_digest
from pipelines.recipes.resolve import resolve_recipe
from synthtext.fonts.discovery import bundled_fonts
from tests.pipelines.ray_cluster import Cluster

pytestmark = pytest.mark.ray

HOME = Path(__file__).parents[3]
COUNT, SIZE = 200, 5
TIMEOUT = 600.0  # seconds; a few suffice on an idle machine
SHARDS = COUNT // SIZE

STARTED: "list[subprocess.Popen[str]]" = []

# An effect that takes a given time, so that a job is still running when a test interferes.
EFFECT = """
import os
import time
from dataclasses import dataclass
from pathlib import Path

@dataclass(frozen=True)
class Slowly:
    flag: str

    def draw(self, rng, setting):
        return {}

    def apply(self, image, parameters):
        try:
            time.sleep(float(os.environ.get("DELAY") or Path(self.flag).read_text()))
        except FileNotFoundError:
            pass
        return image
"""

RECIPE = """
kind: lines
charset: digits
corpus: [{{use: pattern, pattern: "[0-9]{{2,4}}"}}]
fonts: {{system: false, bundled: true, size_range: [14, 18]}}
output: {{height: 20, width: free}}
effects: [{{use: slowly.Slowly, probability: 1, flag: {flag}}}]
"""


def run(
    folder: Path, out: str, *arguments: str, code: str = "from pipelines.cli.main import main; main()", **env: str
) -> "subprocess.Popen[str]":
    """Start the command in a folder outside of the project."""
    command = [sys.executable, "-c", code, "generate", "recipe.yaml", "-o", out, f"-n{COUNT}", f"--shard-size={SIZE}"]
    clean = {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
    driver = subprocess.Popen(
        [*command, *arguments], cwd=folder, env=clean | env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    STARTED.append(driver)
    return driver


@pytest.fixture(scope="module", autouse=True)
def ending() -> Iterator[None]:
    """Kill all drivers at the end, also after a failure."""
    yield
    for driver in STARTED:
        driver.kill()
        driver.communicate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with an effect beside it, and a wheel of fonts that can be installed or not."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "slowly.py").write_text(EFFECT)
    (folder / "recipe.yaml").write_text(RECIPE.format(flag=folder / "slow"))
    wheel = folder / "wheel"
    (wheel / "another_font-1.0.dist-info").mkdir(parents=True)
    (wheel / "another_font-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: another-font\n")
    (wheel / "another_font-1.0.dist-info" / "entry_points.txt").write_text("[fonts_ttf]\nz = another_font:fonts\n")
    font = TTFont(next(path for path in bundled_fonts() if path.suffix == ".ttf"))
    font["name"].setName("Another", 1, 3, 1, 0x409)
    font.save(wheel / "Another.ttf")
    (wheel / "another_font.py").write_text(f"fonts = {{'Another': {str(wheel / 'Another.ttf')!r}}}\n")
    return folder


@pytest.fixture(scope="module")
def compatible(folder: Path) -> dict[str, str]:
    """The environment of a compatible process."""
    return {"PYTHONPATH": os.pathsep.join((str(HOME), str(folder / "wheel"))), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def reference(folder: Path, compatible: dict[str, str]) -> dict[str, str]:
    """The checksums of all shards of one process, by name."""
    driver = run(folder, "reference", "--workers=0", **compatible)
    driver.communicate(timeout=TIMEOUT)
    assert driver.returncode == 0
    return checksums(folder / "reference")


@pytest.fixture(scope="module")
def cluster(compatible: dict[str, str]) -> Iterator[Cluster]:
    with Cluster(compatible) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def refused_drivers(folder: Path, compatible: dict[str, str], cluster: Cluster) -> "list[subprocess.Popen[str]]":
    """Drivers with a wrong token and without one, started early because Ray takes 20 seconds to refuse them."""
    wanted = f"--address={cluster.address}"
    wrong = run(folder, "wrong", wanted, **compatible, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64)
    return [wrong, run(folder, "tokenless", wanted, **compatible, RAY_AUTH_MODE="token", HOME=str(folder))]


def set_delay(folder: Path, seconds: float) -> None:
    """Let every sample take this time."""
    (folder / "slower").write_text(str(seconds))
    (folder / "slower").rename(folder / "slow")


def checksums(data: Path) -> dict[str, str]:
    return {
        manifest.file: manifest.sha256
        for path in (data / "manifests").glob("*.json")
        if (manifest := read_manifest(path))
    }


def writers(data: Path) -> set[int]:
    """The processes that wrote the present shards."""
    manifests = [read_manifest(path) for path in (data / "manifests").glob("*.json")]
    return {int(manifest.worker.rpartition(":")[2]) for manifest in manifests if manifest}


def wait_until(condition: Callable[[], object], driver: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < end, "timeout"
        time.sleep(0.05)


def test_nodes_that_die_join_late_or_are_incompatible(folder, compatible, reference, cluster, refused_drivers):
    """In one job: a worker and a node are killed, two nodes are excluded, and one of them and another join late."""
    data = folder / "data"
    set_delay(folder, 0.1)
    dying, incompatible = cluster.add(), cluster.add(PYTHONPATH=str(HOME), OPENCV_CPU_DISABLE="AVX2")
    driver = run(folder, "data", f"--address={cluster.address}", **compatible, **cluster.access)
    wait_until(lambda: writers(data) & set(dying.workers()) and writers(data) & set(cluster.head.workers()), driver)
    for worker in cluster.head.workers():
        os.kill(worker, signal.SIGKILL)
    dying.kill()
    set_delay(folder, 2.0)  # so that the job still runs when nodes join late
    other = folder / "other"
    for package in ("synthtext", "augment", "models", "pipelines"):
        shutil.copytree(HOME / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "pipelines" / "io" / "row.py").open("a") as file:
        file.write("# changed\n")
    changed = cluster.add(PYTHONPATH=os.pathsep.join((str(other), str(folder / "wheel"))))
    warnings = [next_warning(driver), next_warning(driver)]
    late = cluster.add(DELAY="0.01")
    wait_until(lambda: writers(data) & set(late.workers()), driver)
    (folder / "slow").unlink()
    out, _ = driver.communicate(timeout=TIMEOUT)
    assert driver.returncode == 0
    assert checksums(data) == reference
    assert len(reference) == SHARDS
    assert check_dataset(data).problems.counts.total() == 0

    assert "workers restarted: " in out
    excluded = {line.partition(" was excluded: ")[0]: line for line in out.splitlines() if "was excluded" in line}
    assert len(excluded) == 2
    assert {line.removeprefix("ocrmill: ").strip() for line in warnings} == set(excluded.values())
    fonts, code = sorted(excluded.values(), key=lambda line: "other code" in line)
    assert "(127.0.0.3)" in fonts
    assert "font Another" in fonts
    assert "other code" in code
    if "AVX2 " in cv2.getCPUFeaturesLine():
        assert "CPU feature AVX2 was chosen, is missing" in fonts
    changed.kill()
    incompatible.kill()


def next_warning(driver: "subprocess.Popen[str]") -> str:
    assert driver.stderr is not None
    return next(line for line in driver.stderr if line.startswith("ocrmill: "))


def test_job_without_a_compatible_node_is_refused(folder, compatible, cluster, refused_drivers):
    environment = compatible | {"PYTHONPATH": str(HOME)} | cluster.access
    driver = run(folder, "none", f"--address={cluster.address}", **environment)
    _, errors = driver.communicate(timeout=TIMEOUT)
    assert driver.returncode == 2
    assert "no compatible node is left" in errors.splitlines()[-1]
    assert "font Another" in errors.splitlines()[-1]
    assert not list((folder / "none" / "shards").iterdir())


def test_cluster_that_needs_another_token(refused_drivers):
    for driver in refused_drivers:
        _, errors = driver.communicate(timeout=TIMEOUT)
        assert driver.returncode == 2
        assert "needs another token" in errors
        assert len(errors.splitlines()) == 1


def test_job_resumes_without_its_lost_cluster(folder, compatible, reference, cluster):
    set_delay(folder, 0.1)
    impatient = "from pipelines.cluster import nodes; nodes.CONNECTION_REFUSED_TIMEOUT = 2; "
    code = f"{impatient}from pipelines.cli.main import main; main()"
    driver = run(folder, "lost", f"--address={cluster.address}", code=code, **compatible, **cluster.access)
    wait_until(lambda: len(checksums(folder / "lost")) > 2, driver)
    for node in cluster.nodes:
        node.kill()
    _, errors = driver.communicate(timeout=TIMEOUT)
    (folder / "slow").unlink()
    assert driver.returncode == 1
    assert "has not answered" in errors.splitlines()[-1]
    assert 2 < len(checksums(folder / "lost")) < SHARDS
    again = run(folder, "lost", "--workers=0", **compatible)
    again.communicate(timeout=TIMEOUT)
    assert again.returncode == 0
    assert checksums(folder / "lost") == reference
    assert check_dataset(folder / "lost").problems.counts.total() == 0


def test_node_without_the_folder_or_a_file_is_incompatible(tmp_path):
    (tmp_path / "words.txt").write_text("1\n2\n")
    recipe = "{kind: lines, charset: digits, corpus: [{use: text_file, path: words.txt}], fonts: {system: false}}"
    (tmp_path / "recipe.yaml").write_text(recipe)
    source = GeneratedSource(resolve_recipe(str(tmp_path / "recipe.yaml")))
    machine = fingerprint_digest(machine_fingerprint(source))
    task = ShardTask(source, source.digest, machine, ShardSpec(0, 0, 1), tmp_path / "none", "parquet")
    with pytest.raises(IncompatibleNodeError, match=r"does not see .*none"):
        write_task_on_worker(task)
    (tmp_path / "words.txt").unlink()
    with pytest.raises(IncompatibleNodeError, match=r"cannot process .*words.txt"):
        write_task_on_worker(pickle.loads(pickle.dumps(task)))


def test_python_without_ocrmill_is_described():
    code = [
        (HOME / "pipelines" / "cluster" / "remote.py").read_text(),
        f"expected = CodeVersion(*{tuple(installed_code_version())!r})",
        "print(describe_code_difference(expected, installed_code_version()))",
    ]
    command = [sys.executable, "-I", "-S", "-c", "\n".join(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
    assert "it has no ocrmill" in done.stdout
