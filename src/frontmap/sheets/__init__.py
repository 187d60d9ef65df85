"""Static sheets of a history: maps, chart, document, slides, moving picture, where the extra `print` is installed."""

from importlib.util import find_spec

__all__ = ["missing_packages"]

NEEDED = ("matplotlib", "PIL", "pptx")


def missing_packages() -> list[str]:
    """List what has to be installed before sheets can be drawn.

    Returns
    -------
    list of str
        Empty if all is there; else the modules that are not.

    Raises
    ------
    Nothing.
    """
    return [name for name in NEEDED if find_spec(name) is None]
