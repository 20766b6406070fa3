"""The experiments of MANO's paper (Colagrande et al., arXiv 2507.02748), one section a call.

    python -m benchmarks.accuracy.paper models|ablations|transfer|interfaces FOLDER (--minutes M | --epochs E)
        [--data DIR] [--sets ...] [--cases ...] [--seeds 0] [--options '{"fno": {"learning_rate": 1e-2}}']
        [--json FILE]
    python -m benchmarks.accuracy.paper solves FOLDER [--data DIR] [--sets ...] [--json FILE]
    python -m benchmarks.accuracy.paper cost FOLDER [--cases ...] [--grids 16 32 64 128 256] [--json FILE]

- models: the paper's variants beside FNO, ViT and full attention, on three sets of Darcy flow;
- ablations: one change at a time to `mano-paper`, on 32 x 32 points;
- transfer: trained on 32 x 32 points, zero-shot on 64 x 64 and 128 x 128, by each grid's own points or anchored;
- interfaces: errors within two cells of an interface and elsewhere, at contrasts of 4 to 100;
- solves: plain coarse solves of all sets, which need no training;
- cost: time of a forward pass by the number of points.

Models have their own defaults unless their names say otherwise, and are trained by the defaults of `manojax train`
without symmetries or validation samples: the last parameters count. With --minutes, all cases of a section and a
set are first timed in turn, and each is then trained for as many whole epochs as fit into the minutes at its pace.
FOLDER keeps data, paces and runs: a second call goes on where the first was interrupted, and sections share the
runs of equal cases. The 16 x 16 set of neuraloperator is looked for in --data; the others are made in FOLDER
unless they are there. FILE keeps the rows of all sections; a row that is measured again takes the place of the old
one. `docs/paper.md` has its tables.

Found so far (`results/paper.json`, one seed, 2 cores): on the 16 x 16 set after 15 epochs, relative MSE 0.0141 for
`mano-paper`, 0.0073 for `mano`, 0.0097 for FNO, 0.0074 for ViT, 0.0060 for full attention, and 0.0052 for a coarse
solve with fitted contrast and scale; on `cells-32` 0.0013, 0.00034, 0.0011 and 0.00028, and 0.00013 for a coarse
solve. What is not run yet stands in `docs/paper.md`.
"""

import argparse
import json
from pathlib import Path

from benchmarks.accuracy.paper import ablations, cost, interfaces, models, solves, transfer
from benchmarks.accuracy.paper.plan import Plan
from benchmarks.accuracy.paper.rows import keep
from benchmarks.record import command_line
from pde.system.errors import InputError

SECTIONS = {
    "models": models,
    "ablations": ablations,
    "transfer": transfer,
    "interfaces": interfaces,
    "solves": solves,
    "cost": cost,
}


def main() -> None:
    parser = command_line(__doc__)
    parser.prog = "python -m benchmarks.accuracy.paper"
    sections = parser.add_subparsers(dest="section", required=True)
    for name, section in SECTIONS.items():
        command = sections.add_parser(name, help=(section.__doc__ or "").split("\n")[0])
        command.add_argument("folder", type=Path)
        command.add_argument("--json", type=Path)
        if section is not solves:
            command.add_argument("--cases", nargs="+", choices=section.CASES, default=list(section.CASES))
        if section is cost:
            command.add_argument("--grids", nargs="+", type=int, default=[16, 32, 64, 128, 256])
            continue
        command.add_argument("--sets", nargs="+", choices=section.SETS, default=list(section.SETS))
        command.add_argument("--data", type=Path, default=Path(), help="folder of neuraloperator's set")
        command.add_argument("--small", action="store_true", help="a short test that the section runs")
        if section is solves:
            continue
        budget = command.add_mutually_exclusive_group(required=True)
        budget.add_argument("--minutes", type=float, help="of training, for each model and seed")
        budget.add_argument("--epochs", type=int)
        command.add_argument("--seeds", nargs="+", type=int, default=[0])
        command.add_argument("--options", type=json.loads, default={}, help="changes to TrainingConfig, by case")
    arguments = parser.parse_args()
    if arguments.json is not None and getattr(arguments, "small", False):
        parser.error("--json is for results, and --small gives none; leave one of them out")
    try:
        run(arguments)
    except InputError as error:
        parser.exit(2, f"{parser.prog}: error: {error}\n")


def run(arguments: argparse.Namespace) -> None:
    arguments.folder.mkdir(parents=True, exist_ok=True)
    given = vars(arguments)
    if arguments.section == "cost":
        rows = cost.rows(arguments.cases, arguments.grids)
    elif arguments.section == "solves":
        rows = solves.rows(arguments.sets, arguments.folder, arguments.data, arguments.small)
    else:
        plan = Plan(**{name: value for name, value in given.items() if name != "json"})
        rows = SECTIONS[arguments.section].rows(plan)
    for row in rows:
        print(json.dumps(row), flush=True)
        if arguments.json is not None:
            keep(arguments.json, arguments.section, row)


if __name__ == "__main__":
    main()
