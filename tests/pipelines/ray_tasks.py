"""Functions, a source and a corpus that tests run on Ray workers, which import this module."""

import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipelines.errors import IncompatibleNodeError
from pipelines.io.line_row import LineRow
from pipelines.jobs.shard_source import ShardSource, register_source
from synthtext.core import Clusters, InputError


def square(number):
    return number * number, os.getpid()


def refuse(number):
    raise InputError("no such font")


def fail(number):
    return {}["missing"]


def fail_after_sum(number, send):
    """Send the sum of `number` and the rank over all processes, then fail in the second one."""
    import torch
    from torch import distributed

    rank, total = distributed.get_rank(), torch.tensor(number + distributed.get_rank())
    distributed.all_reduce(total)
    send((rank, int(total)))
    distributed.barrier()
    if rank == 1:
        fail(number)
    distributed.barrier()  # waits for the second process


def die_once(flag):
    if not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return flag


def not_yet(flag):
    if not Path(flag).exists():
        Path(flag).touch()
        raise IncompatibleNodeError("no answer", transient=True)
    return flag


def never(flag):
    raise IncompatibleNodeError("no answer", transient=True)


def die(task):
    os.kill(os.getpid(), signal.SIGKILL)


@register_source("numbers")
@dataclass(frozen=True)
class NumbersSource(ShardSource):
    shade: int

    name, kind = "numbers", "lines"

    @property
    def fingerprint(self):
        return {"shade": str(self.shade)}

    def to_recipe(self):
        return {"kind": "numbers", "shade": self.shade}

    @classmethod
    def from_recipe(cls, recipe, description):
        return cls(recipe["shade"])

    def rows(self, spec):
        for index in spec.samples:
            image = cv2.imencode(".png", np.full((20, 30, 3), self.shade, np.uint8))[1].tobytes()
            key = f"{self.digest[:8]}{index:010d}"
            yield LineRow(key, image, f"{key}.png", str(index), 30, 20, Clusters.empty())


@dataclass(frozen=True)
class Narrow:
    """A corpus that limits the size of files in every process but the driver, whose id is in a file."""

    driver: str

    def draw(self, rng):
        most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        full = Path(self.driver).exists() and Path(self.driver).read_text() != str(os.getpid())
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000 if full else most, most))
        return str(rng.integers(10**6))
