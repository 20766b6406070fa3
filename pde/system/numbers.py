"""Numbers as they are shown."""


def short(number: float) -> str:
    """Write a number in at most seven characters: four decimals or, if they do not fit, one digit and an
    exponent."""
    return f"{number:.4f}" if not abs(number) >= 100 else f"{number:.0e}"
