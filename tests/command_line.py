"""The command line, called from a test."""

from pde.cli import main

TINY = ("--resolution", "9", "--epochs", "1", "--width", "8", "--depth", "1")
"""Flags of a training run of a moment."""
PROGRAM = "import sys; from pde.cli import main; sys.exit(main())"
"""The command line as a Python program, for a process of its own."""


def run(capsys, *arguments):
    """Exit status, standard output and standard error of one command."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as end:  # tyro's own way out
        status = end.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def refused(capsys, *arguments):
    """The one sentence of a command that must end with exit code 2."""
    status, _, error = run(capsys, *arguments)
    assert status == 2
    assert error.startswith("manojax: error: ")
    assert error.count("\n") == 1
    return error
