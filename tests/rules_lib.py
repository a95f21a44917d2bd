"""Which rule of a descriptor decides an answer: smtp2sms-gateway(5) once more,
so that the tests can see whether each rule has an answer that it decides."""

import json
import re


def step_into(value, step):
    """The values that one step of a JSON pointer leads to; None: nothing."""
    if step == "*" and isinstance(value, (list, dict)):
        return list(value.values() if isinstance(value, dict) else value)
    if isinstance(value, dict):
        return [value.get(step)]
    if isinstance(value, list) and step.isdigit() and int(step) < len(value):
        return [value[int(step)]]
    return [None]


def targets(value, pointer):
    found = [value]
    for step in pointer.split("/")[1:]:
        found = [inner for one in found for inner in step_into(one, step)]
    return found


def text_of(value):
    """A scalar as text; None if it is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def passes(test, text):
    if text is None:
        return False
    if "equals" in test:
        return text == text_of(test["equals"])
    if "in" in test:
        return text in map(text_of, test["in"])
    return re.search(test["regex"], text) is not None


def holds(test, value, text):
    """value: the JSON of the answer, or of an element; text: all of it."""
    if "path" not in test:
        return passes(test, text if "regex" in test else text.strip())
    found = targets(value, test["path"])
    if "absent" in test:
        results = [one is None for one in found]
    else:
        results = [passes(test, text_of(one)) for one in found]
    return bool(results) and (any(results) if "any" in test
                              else all(results))


def tests_of(of):
    match = of.get("match", [])
    return match if isinstance(match, list) else [match]


def codes(of):
    status = of.get("status", [])
    return status if isinstance(status, list) else [status]


def first(rules, status, value, text):
    """The index of the rule that decides; None if there is none."""
    for index, rule in enumerate(rules):
        if (not codes(rule) or status in codes(rule)) and all(
                holds(test, value, text) for test in tests_of(rule)):
            return index
    return None


def deciding(descriptor, answer):
    """("rules", index) of the rule that decides an answer, and ("each",
    index) of those that decide its elements."""
    body, status = answer.get("body", ""), answer.get("status", 200)
    text = body if isinstance(body, str) else json.dumps(body)
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    index = first(descriptor.get("rules", []), status, value, text)
    if index is not None:
        return {("rules", index)}
    each = descriptor.get("each")
    if each is None or status not in codes(descriptor["ok"]):
        return set()
    elements = targets(value, each["list"])[0]
    if not isinstance(elements, list):
        elements = list(elements.values() if each.get("key")
                        and isinstance(elements, dict) else [elements])
    found = {first(each.get("rules", []), status, element, text)
             for element in elements}
    return {("each", index) for index in found - {None}}
