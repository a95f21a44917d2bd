"""report: figures as tables, in Markdown; and whether the aims are met.

A library: as a program it has nothing to measure.
"""

import statistics


class Figure:
    """What several rounds gave: the median, and how far they were apart."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)

    def text(self, form="%.0f"):
        if len(self.values) == 1:
            return form % self.median
        return "%s (%s..%s)" % tuple(form % value for value in (
            self.median, min(self.values), max(self.values)))


class Report:
    """Sections in the order of their making, aims in front."""

    def __init__(self):
        self.sections = []
        self.aims = []

    def section(self, title, text, head, rows, commands=()):
        """A table.  commands: (what the rows call it, the command)."""
        lines = ["## " + title, "", text, "", row(head),
                 "|" + "---|" * len(head)]
        lines += [row(cells) for cells in rows]
        if commands:
            lines += ["", "Commands:", ""]
            lines += ["- %s: `%s`" % pair for pair in commands]
        self.sections.append("\n".join(lines))
        print("\n" + self.sections[-1], flush=True)

    def aim(self, what, limit, got, met):
        """got: None where it could not be measured."""
        self.aims.append([what, limit, "not measured" if got is None else got,
                          "" if got is None else
                          "met" if met else "**missed**"])

    def aim_table(self):
        return "\n".join([row(["aim", "limit", "measured", ""]),
                          "|---|---|---|---|"] +
                         [row(aim) for aim in self.aims])

    def markdown(self, head):
        return "\n\n".join([head, "## Aims", self.aim_table()] +
                           self.sections) + "\n"


def row(cells):
    return "| %s |" % " | ".join(str(cell) for cell in cells)


def ratio(value, base):
    """How many times the base; "" where there is none."""
    return "" if value is None or not base else "%.2f" % (value / base)
