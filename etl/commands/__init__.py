"""The commands of `python -m etl`, and how they end."""

OK, SOME_FAILED, NOTHING_DONE = 0, 1, 2
