"""journal_lib: a gateway that knows no ids, a journal for it, and Dates.

A library: as a program it has nothing to test.
"""

import email.utils
import json
import os
import tempfile
import time

from smtp import TOP

FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-journal.")


def without_ids(changes=()):
    """SMSGate's descriptor for a gateway that takes two recipients at a time
    and has never heard of ids; its path.  What is changed to None goes."""
    with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
        made = json.load(file)
    made["to"]["max"] = 2
    del made["body"]["template"]["id"]
    made["rules"] = []
    del made["variables"], made["encrypt"]  # of what else may go
    made.pop("lookup", None)
    made.update(changes)
    made = {name: value for name, value in made.items() if value is not None}
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=FOLDER.name,
                                     delete=False) as file:
        json.dump(made, file)
    return file.name


def date(age):
    """A Date field of so many seconds ago."""
    return "Date: %s\r\n" % email.utils.formatdate(time.time() - age)


def folder():
    """A new folder for a journal."""
    return tempfile.mkdtemp(dir=FOLDER.name)


def journal(*lines, **changes):
    """Lines for such a gateway with a journal of its own."""
    return ["gateway " + without_ids(changes), "journal " + folder(), *lines]


if __name__ == "__main__":
    print("1..0 # SKIP a library")
