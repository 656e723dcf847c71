"""Programs that we are measured beside, put under .tools/peers where a package registry has them.

Nothing is installed into the system. A peer that can't be had is skipped by name, with the reason.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PEERS: Final = ROOT / ".tools" / "peers"
RELADIFF: Final = "reladiff[postgresql]==0.6.0"
INSTALL_S_MAX: Final = 600


class MissingError(Exception):
    """A peer can't be had here; the text says why."""


def reladiff() -> Path:
    """Return the Python that reladiff is installed for, in an environment of its own.

    Raises:
        MissingError: If it can't be installed.
    """
    place = PEERS / "reladiff"
    program = place / "bin" / "reladiff"
    if not program.exists():
        uv = ROOT / ".tools" / "uv" / "bin" / "uv"
        if not uv.exists():
            raise MissingError("reladiff: uv is missing, run `make setup`")
        python = getattr(sys, "_base_executable", sys.executable)
        _install([str(uv), "venv", "--quiet", "--python", python, str(place)], "reladiff")
        words = [str(uv), "pip", "install", "--quiet", "--python", str(place / "bin" / "python")]
        _install([*words, RELADIFF], "reladiff")
    return place / "bin" / "python"


def pgcopydb() -> Path:
    """Return the program pgcopydb, from the system or unpacked from Debian's package.

    Raises:
        MissingError: If there is none.
    """
    found = shutil.which("pgcopydb")
    if found:
        return Path(found)
    place = PEERS / "pgcopydb"
    program = place / "usr" / "bin" / "pgcopydb"
    if not program.exists():
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise MissingError("pgcopydb: not installed, and there is no apt-get to get it")
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="changeover-bench-") as download:
            _install(["apt-get", "download", "pgcopydb"], "pgcopydb", Path(download))
            (package,) = Path(download).glob("*.deb")
            _install(["dpkg-deb", "-x", str(package), str(place)], "pgcopydb")
    _install([str(program), "--version"], "pgcopydb")
    return program


def _install(words: list[str], name: str, place: Path | None = None) -> None:
    try:
        subprocess.run(
            words, check=True, capture_output=True, cwd=place, timeout=INSTALL_S_MAX, env=os.environ
        )
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", b"") or b""
        last = output.decode(errors="replace").strip().splitlines()[-1:] or [type(error).__name__]
        raise MissingError(f"{name}: could not be installed: {last[0]}") from error
