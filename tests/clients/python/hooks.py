"""What schemathesis cannot know of a valid request: a parameter that holds JSON is a text to it, so it takes its example;
and with an operator's key the partner must be named."""

import json

import schemathesis


def is_json(text):
    try:
        return isinstance(json.loads(text), (dict, list))
    except (TypeError, ValueError):
        return False


@schemathesis.hook
def map_case(context, case):
    if case.meta is not None and case.meta.generation.mode.is_positive:
        for parameter in case.operation.definition.raw.get("parameters", []):
            if parameter["in"] == "query" and parameter["name"] == "partner":
                case.query = {**(case.query or {}), "partner": "acme"}
            example = next(iter(parameter["schema"].get("examples", [])), None)
            if parameter["name"] in (case.query or {}) and is_json(example):
                case.query[parameter["name"]] = example
    return case
