"""What schemathesis cannot know: a parameter that holds JSON is a text to it, so a valid request takes its example."""

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
            example = next(iter(parameter["schema"].get("examples", [])), None)
            if parameter["name"] in (case.query or {}) and is_json(example):
                case.query[parameter["name"]] = example
    return case
