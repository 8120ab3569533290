"""What a machine has for this package: versions, hardware, fonts by script, and optional extras."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

import torch

from pipelines.reports.font_report import SCRIPTS, FamilyReport

_PACKAGE = "ocrmill"
_OPTIONAL = re.compile(r"^([\w.-]+)[^;]*;.*\bextra == ['\"]([\w-]+)['\"]")
_REQUIRED = re.compile(r"^([\w.-]+)[^;]*$")
_CPU_FEATURES = {"avx512_vnni": "int8 (VNNI)", "avx512_bf16": "bfloat16", "amx_bf16": "AMX"}


@dataclass(frozen=True)
class Extra:
    """An optional extra of the package.

    Attributes:
        name: Of the extra, as in `pip install "ocrmill[NAME]"`.
        packages: That it installs.
        missing: Those of them that are not installed.
    """

    name: str
    packages: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def state(self) -> str:
        """Whether it is installed, and how to install it if it is not."""
        if not self.missing:
            return "installed"
        install = f'pip install "{_PACKAGE}[{self.name}]"'
        return f"{', '.join(self.missing)} missing: {install}"


def installed_version(package: str) -> str | None:
    """Return the version of an installed package; None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def library_versions() -> dict[str, str]:
    """Return the versions of the required libraries by name, "missing" where one is not installed."""
    names = [match[1] for line in requires(_PACKAGE) or () if (match := _REQUIRED.match(line))]
    return {name: installed_version(name) or "missing" for name in names}


def find_extras() -> list[Extra]:
    """Return the extras of the package, in alphabetical order."""
    packages: dict[str, list[str]] = {}
    for line in requires(_PACKAGE) or ():
        match = _OPTIONAL.match(line)
        if match and match[1] != _PACKAGE:
            packages.setdefault(match[2], []).append(match[1])
    return [
        Extra(name, tuple(found), tuple(package for package in found if installed_version(package) is None))
        for name, found in sorted(packages.items())
    ]


def describe_machine() -> dict[str, str]:
    """Describe the system, the processor, the memory and the GPUs, by name."""
    capabilities = torch.cpu.get_capabilities()
    features = [text for name, text in _CPU_FEATURES.items() if capabilities.get(name)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    devices = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    gpus = [f"{device.name} ({device.total_memory / 2**30:.0f} GiB)" for device in devices]
    return {
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "CPU": f"{cores} cores of {platform.machine()}" + "".join(f", {feature}" for feature in features),
        "memory": f"{memory:.0f} GiB",
        "GPU": ", ".join(gpus) or "none: networks run on the CPU",
    }


def count_families(reports: Sequence[FamilyReport]) -> dict[str, int]:
    """Count the families of fonts that cover a script completely, by script."""
    return {script.name: sum(report.scripts[script.name] == 1 for report in reports) for script in SCRIPTS}
