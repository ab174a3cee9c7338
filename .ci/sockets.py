"""Replays the recorded exchanges over sockets, and compares the scores with those in process.

    sockets.py FOLDER      a folder of cases with drf/replay.py
"""

import os
import pathlib
import re
import socket
import subprocess
import sys
import time

folder = pathlib.Path(sys.argv[1])
score = re.compile(r"^(drf/(?!all)\S+): (\d+) of (\d+)", re.M)


def scores(text):
    return {area: (int(good), int(total)) for area, good, total in score.findall(text)}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


inside = subprocess.run(
    ["cargo", "test", "--quiet", "--test", "conformance", "--", "--nocapture"],
    env=os.environ | {"GATEFOLD_CONFORMANCE": str(folder), "GATEFOLD_CONFORMANCE_AREA": "drf/"},
    capture_output=True,
    text=True,
)
sys.stdout.write(inside.stdout)
if inside.returncode != 0:
    sys.exit(inside.stderr)

port = free_port()
server = subprocess.Popen(
    ["cargo", "run", "--quiet", "--example", "drf_reference", "--", "--port", str(port)],
    stdout=subprocess.PIPE,
    text=True,
)
try:
    if not server.stdout.readline().startswith("listening"):
        sys.exit("drf_reference does not listen")
    replay = subprocess.run(
        [sys.executable, folder / "drf/replay.py", "--port", str(port), "--show", "0"]
        + ["--corpus", folder / "drf/corpus.jsonl"],
        capture_output=True,
        text=True,
    )
finally:
    server.terminate()
    server.wait()
    time.sleep(0.1)

one, other = scores(inside.stdout), scores(replay.stdout)
print(f"over sockets: {len(other)} areas, {sum(good for good, _ in other.values())} good")
if not one or one != other:
    for area in sorted({*one, *other}):
        print(f"{area}: in process {one.get(area)}, over sockets {other.get(area)}")
    sys.exit(one != other or "no area was run")
