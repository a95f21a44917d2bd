"""journal_lib: a gateway that knows no ids, and a journal for it.

A library: as a program it has nothing to test.
"""

import json
import os
import tempfile

from smtp import TOP

FOLDER = tempfile.TemporaryDirectory(prefix="smtp2sms-journal.")


def without_ids():
    """SMSGate's descriptor for a gateway that takes two recipients at a time
    and has never heard of ids; its path."""
    with open(os.path.join(TOP, "gateways", "smsgate.json")) as file:
        made = json.load(file)
    made["to"]["max"] = 2
    del made["body"]["template"]["id"]
    made["rules"] = []
    made.pop("lookup", None)
    path = os.path.join(FOLDER.name, "without-ids.json")
    with open(path, "w") as file:
        json.dump(made, file)
    return path


def folder():
    """A new folder for a journal."""
    return tempfile.mkdtemp(dir=FOLDER.name)


def journal(*lines):
    """Lines for such a gateway with a journal of its own."""
    return ["gateway " + without_ids(), "journal " + folder(), *lines]


if __name__ == "__main__":
    print("1..0 # SKIP a library")
