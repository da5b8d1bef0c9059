"""Says hello."""


def main() -> None:
    """The console script."""
    print("hello")
