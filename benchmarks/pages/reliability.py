"""Write docs/reliability.md from the results of the other benchmarks in `results/`.

python -m benchmarks.pages.reliability
"""

import statistics

from benchmarks.record import ROOT, load
from pde.system.files import write_text

HDF5 = "one sentence, of the HDF5 library having crashed or hung"
DOCS = ROOT / "docs" / "reliability.md"

PAGE = """\
# What it survives

Written by `python -m benchmarks.pages.reliability`, from the results of the benchmarks named here.

## Killed at random moments (`benchmarks/reliability/faults.py`)

A command is killed by SIGKILL between its first instruction and its end, again and again, until it is allowed to
end. A result is whole if nothing partial ever had a final name, and the same if it has the bits of an undisturbed
result.

| command | kills before the end | whole, and the same |
|---|---|---|
{killed}

## Damaged files (`benchmarks/reliability/fuzz.py`)

Good files with bytes changed, removed, repeated or cut off are put through `info`, `convert` and `evaluate`. Damaged
runs and checkpoints are put through `info`, `evaluate` and `train --resume`. A call may take 10 s and 2 GiB.
Commands hidden in pickles must not run, and none did.

| format | files | calls that gave a result | one sentence | one sentence: HDF5 crashed or hung | anything else |
|---|---|---|---|---|---|
{fuzzed}

## Full disks (`benchmarks/reliability/full_disk.py`)

`generate` and `train` run out of space on a file system of {rooms}.
Each time they end with exit code 2 and one sentence, nothing partial has a final name, and all that was saved
before is usable. With more space, `--resume` gave the bits of an undisturbed result in {resumed} of {disks} cases.

## Asked to end (`benchmarks/reliability/preemption.py`)

A training of MANO gets SIGTERM at {stops} random moments, {stopped} of them before its end. It ends with exit code
143 at most {seconds:.1f} s later, is saved and is resumed. The result {same} the bits of an undisturbed run.

## Faults that tests make on every change

| fault | what happens | tested in |
|---|---|---|
| SIGTERM, as before a machine is taken away | the run is saved after the step under way and ends with exit code 143 and a line on how to go on; while the first step compiles, it ends at once | `test_train.py`, `test_devices.py` |
| Ctrl-C | the same, with exit code 130; a second one stops at once | `test_train.py`, `test_interrupts.py` |
| one of several processes is asked to stop | all save the same step and stop together | `test_devices.py` |
| a checkpoint truncated, changed or not finished | found by its SHA-256 and reported, and the one before it is used | `test_train.py` |
| no space, a folder without write permission | one sentence, exit code 2; what was saved before is whole | `test_refusals.py`, `test_train.py` |
| NaN or infinity in loss or gradient | the step is not applied, but counted and logged; ten in a row end training, and their samples are named | `test_steps.py`, `test_train.py` |
| a sample with NaN or infinity | named before training begins | `test_refusals.py`, `test_samples.py` |
| a second process in a run folder, even if both begin in the same moment | refused in a sentence, exit code 2 | `test_locks.py` |
| values of flags that make no sense | one sentence, exit code 2, nothing written | `test_refusals.py`, `test_flags.py` |

The same seed gives the same bits on the same devices, twice in a row and after any stop. On another number of devices
the losses agree to 1e-4 for some twenty steps, and then drift apart as rounding errors grow.

## Long runs and large files

- {checkpoints} checkpoints in one run (`benchmarks/reliability/soak.py`): resident memory grows by {kib:.0f} KiB a checkpoint
  ({first:.0f} MiB after the first quarter, {last:.0f} MiB at the end), open files by {files:.4f}. Orbax
  by itself, saving as many items of small arrays in the same process, grows by {alone:.0f} KiB a checkpoint.
- Training on a file of {size:.1f} GiB with `--stream` (`benchmarks/reliability/streaming.py`) takes at most
  {most:.2f} GiB of resident memory, at {pace:.0%} of the rate of training from memory.

## What it does not survive

- A disk that another process fills during a checkpoint: all that was saved before is whole, but Orbax prints its
  tracebacks.
- One of several processes killed outright: the others wait for JAX's heartbeat (100 s) and end; `--resume` goes on.
- Folders that the processes of a training do not all see.
"""  # noqa: E501


def killed() -> str:
    rows = {name: found for name, found in load("faults").items() if "kills" in found}
    return "\n".join(
        f"| `{name}` | {row['kills']} | {'yes' if row['same'] else 'NO'} |" for name, row in rows.items()
    )


def fuzzed() -> str:
    rows = []
    for name, found in load("fuzz").items():
        if "files" in found:
            ends = dict(found["ends"])
            good = " | ".join(str(ends.pop(end, 0)) for end in ("a result", "one sentence", HDF5))
            other = "; ".join(f"{count} {end}" for end, count in ends.items()) or "none"
            rows.append(f"| {name} | {found['files']} | {good} | {other} |")
    return "\n".join(rows)


def page() -> str:
    soak, streaming = load("soak"), load("streaming")
    memory, stream = (
        statistics.median(row["seconds a step"] for row in streaming[way]) for way in ("memory", "stream")
    )
    rooms = {command: load("full_disk")[command] for command in ("generate", "train")}
    disks = [disk for command in rooms.values() for disk in command.values()]
    preempted = load("preemption")
    return PAGE.format(
        rooms=" or ".join(", ".join(command) for command in rooms.values()),
        resumed=sum(disk["same"] for disk in disks),
        disks=len(disks),
        stops=len(preempted["stops"]),
        stopped=preempted["stopped"],
        seconds=preempted["seconds at most"],
        same="has" if preempted["same"] else "does NOT have",
        killed=killed(),
        fuzzed=fuzzed(),
        checkpoints=soak["checkpoints"],
        kib=soak["KiB a checkpoint"],
        alone=soak["KiB a checkpoint of Orbax alone"],
        first=soak["MiB at first"],
        last=soak["MiB at last"],
        files=soak["open files a checkpoint"],
        size=streaming["GiB"],
        most=max(row["resident GiB"] for row in streaming["stream"]),
        pace=memory / stream,
    )


def main() -> None:
    write_text(DOCS, page())


if __name__ == "__main__":
    main()
