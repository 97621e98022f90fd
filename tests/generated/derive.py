#!/usr/bin/env python3
"""Makes api.json, the table that the generated comparison reads, of the Engine API's descriptions:

    SOCKADE_API=FOLDER tests/generated/derive.py >tests/generated/api.json

FOLDER holds v1.25.yaml and so on. What is kept are facts: which routes, query keys, header fields and
body fields there are, of which type, in which versions. Needs python3-yaml.
"""

import json
import os
import pathlib
import re
import sys

import yaml

METHODS = ("get", "head", "post", "put", "delete")
DEEPEST = 5  # levels of a body that are kept


def resolved(schema, definitions):
    """A schema without references; what is composed is one object."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if "allOf" not in schema:
        return schema
    whole = {"type": "object", "properties": {}}
    for part in [*schema["allOf"], {key: value for key, value in schema.items() if key == "properties"}]:
        whole["properties"].update(resolved(part, definitions).get("properties", {}))
    return whole


def shape(schema, definitions, depth=0):
    """"string", {"a": shape}, [shape] for a list, {"*": shape} for a map; "any" where it gets too deep."""
    schema = resolved(schema, definitions)
    kind = schema.get("type", "object" if "properties" in schema else "any")
    if isinstance(kind, list):
        kind = kind[0]
    if depth > DEEPEST:
        return "any"
    if kind == "array":
        return [shape(schema.get("items", {}), definitions, depth + 1)]
    if kind != "object":
        values = [value for value in schema.get("enum") or [] if value not in ("", None)]
        return "%s:%s" % (kind, values[-1]) if values and kind == "string" else kind
    if schema.get("properties"):
        return {name: shape(field, definitions, depth + 1) for name, field in sorted(schema["properties"].items())}
    more = schema.get("additionalProperties")
    return {"*": shape(more, definitions, depth + 1) if isinstance(more, dict) else "any"}


def merge(old, new):
    """All fields that any version has."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: merge(old.get(key, new.get(key)), new.get(key, old.get(key))) for key in sorted({*old, *new})}
    if isinstance(old, list) and isinstance(new, list):
        return [merge(old[0], new[0])]
    return old if new == "any" else new


def add_operation(table, minor, path, method, operation, definitions):
    row = table.setdefault("%s %s" % (method.upper(), path), {"versions": [], "query": {}, "headers": []})
    row["versions"].append(minor)
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "query":
            kind = parameter.get("type", "string")
            if kind == "string" and parameter.get("enum"):
                kind = "string:%s" % [value for value in parameter["enum"] if value][-1]
            row["query"][name] = kind
        elif parameter["in"] == "header" and name not in row["headers"]:
            row["headers"].append(name)
        elif parameter["in"] == "body":
            body = shape(parameter.get("schema", {}), definitions)
            row["body"] = merge(row["body"], body) if "body" in row else body


def main():
    folder = pathlib.Path(os.environ["SOCKADE_API"])
    files = {int(re.fullmatch(r"v1\.(\d+)\.yaml", file.name).group(1)): file for file in folder.glob("v1.*.yaml")}
    table = {}
    for minor, file in sorted(files.items()):
        description = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for path, methods in description["paths"].items():
            for method in METHODS:
                if method in methods:
                    add_operation(table, minor, path, method, methods[method], description["definitions"])
    lines = ["  %s: %s" % (json.dumps(route), json.dumps(row, sort_keys=True)) for route, row in sorted(table.items())]
    sys.stdout.write("{\n%s\n}\n" % ",\n".join(lines))


if __name__ == "__main__":
    main()
