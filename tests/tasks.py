"""Work for other processes, which import it from here."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pandas as pd

import frontmap as fm
from frontmap.errors import Problem, TableError


def square(number: int) -> int:
    return number * number


def ends_its_process(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


class EndsItsProcessOnce:
    """Ends the process that first comes to the middle item, which leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self, number: int) -> int:
        if number == 3 and not self.mark.exists():
            self.mark.write_text("ended")
            os.kill(os.getpid(), signal.SIGKILL)
        return square(number)


def refuses(number: int) -> int:
    raise TableError([Problem("reports.csv", number, "a day", "'soon'", "write a day")])


def held_at_the_end(history: fm.History) -> pd.DataFrame:
    """Sum up the best areas on the last day by party."""
    table = history.areas()
    last = table[table["date"] == history.days[-1]]
    return last.groupby("party")[["area_km2"]].sum().reset_index()
