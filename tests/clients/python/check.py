"""Holds the documents against OpenAPI, and data against the documents: check.py <3.1> <3.0> [<answers>].

Every example of the 3.1 document must fit the schema that it stands for, and so must every answer of the file: a list of
{"operation", "place", "body"}, where `place` points to the schema in the document.
"""

import json
import sys
from urllib.parse import quote

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

newer, older, *answers = [json.load(open(name, encoding="utf-8")) for name in sys.argv[1:]]
registry = Registry().with_resource("urn:document", Resource(newer, DRAFT202012))
wrong = []


def fits(value, place, what):
    schema = {"$ref": f"urn:document#{quote(place)}"}
    validator = Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(value):
        wrong.append(f"{what}: {'/'.join(map(str, error.absolute_path)) or 'it'}: {error.message}")


def examples(holder):
    """The examples beside a schema, and of the schema itself."""
    found = [holder["example"]] if "example" in holder else []
    found += holder.get("examples", []) if isinstance(holder.get("examples", []), list) else []
    return found


def step(place, *names):
    return "/".join([place, *(str(name).replace("~", "~0").replace("/", "~1") for name in names)])


def look_at_schema(schema, place):
    for example in examples(schema):
        fits(example, place, place)
    for name, part in schema.get("properties", {}).items():
        look_at_schema(part, step(place, "properties", name))
    for word in ["oneOf", "anyOf", "allOf"]:
        for number, part in enumerate(schema.get(word, [])):
            look_at_schema(part, step(place, word, number))
    for word in ["items", "additionalProperties", "propertyNames"]:
        if isinstance(schema.get(word), dict):
            look_at_schema(schema[word], step(place, word))


def look_at_contents(holder, place):
    for media_type, content in holder.get("content", {}).items():
        at = step(place, "content", media_type, "schema")
        for example in examples(content):
            fits(example, at, at)
        look_at_schema(content["schema"], at)


def look_at_operation(operation, place):
    for number, parameter in enumerate(operation.get("parameters", [])):
        at = step(place, "parameters", number, "schema")
        for example in examples(parameter):
            fits(example, at, at)
        look_at_schema(parameter["schema"], at)
    look_at_contents(operation.get("requestBody", {}), step(place, "requestBody"))
    for status, response in operation["responses"].items():
        look_at_contents(response, step(place, "responses", status))


OpenAPIV31SpecValidator(newer).validate()
OpenAPIV30SpecValidator(older).validate()
for name, schema in newer["components"]["schemas"].items():
    look_at_schema(schema, f"/components/schemas/{name}")
for path, item in newer["paths"].items():
    for method, operation in item.items():
        look_at_operation(operation, step("", "paths", path, method))
for answer in answers[0] if answers else []:
    fits(answer["body"], answer["place"], answer["operation"])
if wrong:
    sys.exit("\n".join(wrong))
