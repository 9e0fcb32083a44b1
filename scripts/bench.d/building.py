"""What must be there before anything is measured."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench"
SCRIPTS = pathlib.Path(__file__).resolve().parent / "js"


def ssek():
    """The path of the ssek under test: `SSEK`, or a release build of this tree."""
    given = os.environ.get("SSEK")
    if given:
        return given
    subprocess.run(["scripts/tools"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "ssek"], cwd=ROOT, check=True)
    return str(CACHE.parent / "release" / "ssek")


def floor():
    """The path of the raw floor client. It needs no crate, so the compiler alone builds it."""
    source, made = ROOT / "benches" / "floor", CACHE / "floor"
    CACHE.mkdir(parents=True, exist_ok=True)
    newest = max(file.stat().st_mtime for file in source.iterdir())
    if not made.exists() or made.stat().st_mtime < newest:
        command = ["rustc", "--edition", "2024", "-O", "--crate-name", "floor", "-o", str(made)]
        subprocess.run([*command, str(source / "main.rs")], cwd=ROOT, check=True)
    return str(made)
