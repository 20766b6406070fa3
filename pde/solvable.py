"""Whether a data file is a Darcy problem that our solver takes."""

from pde.coarse_cells import check_inside
from pde.darcy import check_spacing
from pde.datasets import DataFile
from pde.errors import InputError


def why_unsolvable(data: DataFile) -> str | None:
    """Why -div(a grad u) = 1, u = 0 on the border cannot be solved on a file's grid; None where it can.

    All coefficients are read. Whether the file's right-hand side is 1 cannot be known: `right_hand_side` says
    what the file tells of it.

    Raises:
        InputError: data that cannot be read.
    """
    if "coefficient" not in data.fields:
        return "the file holds no coefficient"
    if not all((data.read("coefficient", block) > 0).all() for block in data.blocks()):
        return "the coefficient is not positive everywhere, so it only marks the phases of an unknown one"
    if data.grid.boundary != "zero":
        return "the solution is not known to be zero on the border; say --boundary zero if it is"
    try:
        (check_spacing if data.grid.on_nodes else check_inside)(data.grid)
    except InputError as error:
        return str(error)
    return None


def right_hand_side(data: DataFile) -> str:
    """What is assumed of the equation, beside what the file says."""
    return f"f = 1 is assumed; the file says: {data.attributes.get('equation', 'nothing of its equation')}"
