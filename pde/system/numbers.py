"""Numbers as they are shown."""


def short(number: float) -> str:
    """Write a number in at most seven characters: four decimals or, if they do not fit, one digit and an
    exponent."""
    return f"{number:.4f}" if not abs(number) >= 100 else f"{number:.0e}"


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 epoch, 2 epochs."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
