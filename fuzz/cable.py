"""Two hosts of a Ray cluster, and a cable that is pulled out in the middle of an encode.

    python fuzz/cable.py VIDEO [--seconds 20] [--json FILE]

The hosts are network namespaces, so this needs Linux, root, ``ip`` and the extra cluster. One host
has the head node and the encode, the other one a second worker; after some seconds the link goes
down. The bytes must be those of one process; said is how long it took from the pull to the end.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HEAD, OTHER, PORT = "10.213.77.1", "10.213.77.2", "6391"
HEALTH = {
    "health_check_initial_delay_ms": 1000, "health_check_period_ms": 2000,
    "health_check_timeout_ms": 2000, "health_check_failure_threshold": 3,
}  # fmt: skip
RAY = str(Path(sys.executable).with_name("ray"))
NODE = ["--num-cpus", "1", "--object-store-memory", "80000000", "--disable-usage-stats"]


def call(*command: str, host: str | None = None, check: bool = True) -> None:
    """Run a command, on a host; what it prints is said when it fails."""
    where = ["ip", "netns", "exec", host] if host else []
    done = subprocess.run([*where, *command], capture_output=True, text=True)
    if check and done.returncode:
        sys.exit(f"{' '.join(command[:6])}: exit code {done.returncode}\n{done.stderr[-800:]}")


def hosts() -> None:
    """Two namespaces with a link between them."""
    for name in ("linc-a", "linc-b"):
        call("ip", "netns", "add", name)
    call("ip", "link", "add", "linc-va", "type", "veth", "peer", "name", "linc-vb")
    for side, address in (("a", HEAD), ("b", OTHER)):
        host, link = f"linc-{side}", f"linc-v{side}"
        call("ip", "link", "set", link, "netns", host)
        call("ip", "addr", "add", f"{address}/24", "dev", link, host=host)
        for each in (link, "lo"):
            call("ip", "link", "set", each, "up", host=host)


def encoded(video: str, folder: Path, seconds: float) -> dict[str, object]:
    """Encode alone, then on both hosts with the link going down."""
    given = ["-m", "lincodec", "encode", video, "--preset", "fast", "--segment", "12", "-y", "-q"]
    alone, shared = folder / "alone.linc", folder / "shared.linc"
    call(sys.executable, *given, "-o", str(alone))
    pulled: list[float] = []

    def pull() -> None:
        call("ip", "link", "set", "linc-va", "down", host="linc-a")
        pulled.append(time.monotonic())

    timer = threading.Timer(seconds, pull)
    timer.start()
    call(sys.executable, *given, "-o", str(shared), "--ray", f"{HEAD}:{PORT}", host="linc-a")
    ended = time.monotonic()
    timer.cancel()
    if not pulled:
        sys.exit("it was done before the cable was pulled; give fewer --seconds")
    if alone.read_bytes() != shared.read_bytes():
        sys.exit("other bytes")
    return {"same bytes": True, "pull to end, s": round(ended - pulled[0], 1)}


def main() -> None:
    """Set up, encode, tear down."""
    parser = argparse.ArgumentParser(description="a cable is pulled out")
    parser.add_argument("video")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        try:
            hosts()
            head = [
                "--head", "--node-ip-address", HEAD, "--port", PORT, "--include-dashboard",
                "false", "--system-config", json.dumps(HEALTH), "--temp-dir", f"{name}/ray",
            ]  # fmt: skip
            call(RAY, "start", *head, *NODE, host="linc-a")
            other = ["--address", f"{HEAD}:{PORT}", "--node-ip-address", OTHER]
            call(RAY, "start", *other, *NODE, host="linc-b")
            found = encoded(given.video, Path(name), given.seconds)
        finally:
            call(RAY, "stop", "--force", check=False)
            for host in ("linc-a", "linc-b"):
                call("ip", "netns", "del", host, check=False)
    print(json.dumps(found))
    if given.json:
        given.json.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
