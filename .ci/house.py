"""Checks that need more than a search: the Rust version, and the size of the rooms.

The Rust version is a promise to whoever uses the published packages. What only unpublished members
of the workspace reach (measures, explorations, examples) is left out of it.
"""

import json
import pathlib
import subprocess
import sys

MOST_LINES = 400
bad = []

metadata = json.loads(
    subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"],
        check=True,
        capture_output=True,
    ).stdout
)


def version(text):
    numbers = [int(part) for part in text.split(".")]
    return numbers + [0] * (3 - len(numbers))


# The nodes' dependencies are those of all kinds: the tests of a published package count as well.
packages = {package["id"]: package for package in metadata["packages"]}
dependencies = {node["id"]: node["dependencies"] for node in metadata["resolve"]["nodes"]}
waiting = [member for member in metadata["workspace_members"] if packages[member]["publish"] != []]
reached = set()
while waiting:
    package = waiting.pop()
    if package not in reached:
        reached.add(package)
        waiting.extend(dependencies[package])

stated = next(p["rust_version"] for p in metadata["packages"] if p["name"] == "gatefold")
for package in (packages[name] for name in sorted(reached)):
    needed = package["rust_version"]
    if needed and version(needed) > version(stated):
        bad.append(f"{package['name']} needs Rust {needed}, rust-version says {stated}")

for path in [*pathlib.Path("layers").glob("*/src/*.rs"), *pathlib.Path("src").glob("*.rs")]:
    lines = path.read_text().count("\n")
    if lines > MOST_LINES:
        bad.append(f"{path} has {lines} lines, more than {MOST_LINES}: two subjects?")
for path in pathlib.Path("layers").glob("*/src/*/"):
    if path.is_dir():
        bad.append(f"{path}: no folders below src")

print("\n".join(bad))
sys.exit(bool(bad))
