"""How assessments are told at the command line."""

from __future__ import annotations

from visloop.faces.cli.answers import judging


def test_many_rows_that_are_lines_of_a_plot_become_a_row_a_line():
    plot = {"x": "severity", "y": "accuracy", "by": "corruption"}
    rows = [
        {"corruption": name, "severity": level, "accuracy": 0.9 - level / 10, "n": 1234}
        for name in ("fog", "snow", "noise", "blur", "frost", "zoom", "jpeg")
        for level in range(1, 6)
    ]
    told = judging.table_rows({"rows": rows, "plots": [plot]})
    assert [row["corruption"] for row in told] == list(dict.fromkeys(r["corruption"] for r in rows))
    assert told[0]["accuracy at severity 5"] == "0.4"
    few = judging.table_rows({"rows": rows[:3], "plots": [plot]})
    assert few[0] == {"corruption": "fog", "severity": "1", "accuracy": "0.8", "n": "1,234"}


def test_numbers_are_as_short_as_they_can_be():
    told = [judging.number(x) for x in (None, 0, 1e-17, 15102843, 0.84946, 1234.56, 3.9e-6)]
    assert told == ["–", "0", "0", "15,102,843", "0.8495", "1,234.6", "3.9e-06"]
    assert judging.between(None, 0.5) == "[, 0.5]"
    assert judging.between(None, None) == ""
