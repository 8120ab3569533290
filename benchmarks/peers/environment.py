"""Virtual environments of other generators, which need older packages than this project."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def install(folder: Path, name: str, packages: Sequence[str]) -> Path:
    """Install packages into the environment `folder/environments/name`, once, and return its Python."""
    environment = folder / "environments" / name
    if not (environment / "installed").exists():
        print(f"installing {', '.join(packages)}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        subprocess.run([str(environment / "bin/pip"), "install", "--quiet", *packages], check=True)
        (environment / "installed").touch()
    return environment / "bin/python"
