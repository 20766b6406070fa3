"""Asked to end by SIGTERM at any moment, how soon does training end, and does it go on as if nothing had happened?

    python -m benchmarks.reliability.preemption [--stops 20] [--json FILE]

MANO with its defaults is trained on 65 x 65 nodes and asked to end at a random moment of the undisturbed call's
time, again and again. Each time it goes on with --resume, or from the start if it came to its end. Before the
first step it has to stop at once; from then on the step under way is finished and saved (required: within 10 s).
At last it runs to its end, and the result must have the bits of the undisturbed one.

Found (`results/preemption.json`, 2 cores busy with other work): 4 of 8 signals came before the end; training ended
at most 3.6 s after them, with the bits of the undisturbed one at last.
"""

import json
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.record import command_line, write
from benchmarks.reliability.command import Command, of_file, of_run, remove, share_compiled

SENTENCE = b"stopped; add --resume to go on"


def training(folder: Path) -> tuple[Command, Command]:
    """Return the undisturbed training and the one to be disturbed."""
    data = folder / "data.h5"
    Command(("generate", str(data), "--resolution", "65", "--samples", "60"), data, of_file).run()
    flags = ("--model", "mano", "--epochs", "12")
    outs = folder / "undisturbed", folder / "disturbed"
    runs = [Command(("train", str(data), "--out", str(out), *flags), out, of_run, resumes=True) for out in outs]
    return runs[0], runs[1]


def stop(command: Command, after: float) -> dict[str, Any]:
    """Send SIGTERM `after` seconds from the start."""
    process = command.start()
    time.sleep(after)
    process.send_signal(signal.SIGTERM)
    asked = time.perf_counter()
    _, said = process.communicate()
    seconds = time.perf_counter() - asked
    # While Python itself starts, it ends without a message.
    if process.returncode not in (0, 143, -signal.SIGTERM) or (process.returncode == 143 and SENTENCE not in said):
        raise SystemExit(f"exit code {process.returncode}: {said.decode()}")
    return {"code": process.returncode, "after": round(after, 2), "seconds": round(seconds, 2)}


def stop_again_and_again(
    command: Command, stops: int, most: float, generator: random.Random
) -> list[dict[str, Any]]:
    found = []
    for _ in range(stops):
        found.append(stop(command, generator.uniform(0, most)))
        if found[-1]["code"] == 0:
            remove(command.out)
    return found


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        share_compiled(folder)
        undisturbed, disturbed = training(Path(folder))
        undisturbed.run()
        started = time.perf_counter()
        disturbed.run()  # once more, to time it compiled
        seconds = time.perf_counter() - started
        remove(disturbed.out)
        stops = stop_again_and_again(disturbed, arguments.stops, seconds, random.Random(arguments.seed))
        disturbed.run()
        found = {
            "stopped": sum(each["code"] != 0 for each in stops),
            "seconds at most": max((each["seconds"] for each in stops if each["code"]), default=None),
            "same": disturbed.digest(disturbed.out) == undisturbed.digest(undisturbed.out),
            "seconds undisturbed": round(seconds, 1),
            "stops": stops,
        }
    print(json.dumps(found, indent=1))
    write(arguments.json, found)
    if not found["same"]:
        raise SystemExit("the result differs from that of the undisturbed run")


if __name__ == "__main__":
    main()
