#!/usr/bin/env python3
"""Compares the message tables with the .proto files of BuildKit and fsutil.

    upstream.py PROTOBUF_DUMP FILE.proto...

A field of a table has the number, name, type and shape that it has there. A message has all of
its fields, but that the tables may be older than the files: then those missing are listed, and
the exit status is 1. Messages of other files (google.rpc, grpc.health) are not compared.
"""
import re
import subprocess
import sys

# Paths in contexts need not be UTF-8, which no encoder of BuildKit's checks: bytes on purpose.
BYTES = {("fsutil.types.Stat", "path"), ("fsutil.types.Stat", "linkname")}
SCALARS = {"bool", "int32", "int64", "uint32", "uint64", "string", "bytes"}
FIELD = re.compile(r"^(repeated\s+)?(map\s*<\s*string\s*,\s*([\w.]+)\s*>|[\w.]+)\s+(\w+)\s*=\s*(\d+)\s*(\[[^\]]*\])?\s*;")


def read_file(path, messages, enums):
    """Collects {message: {number: (name, type, shape)}} and the names of enums."""
    package, stack = "", []
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", file.read(), flags=re.S)
    for line in re.sub(r"([{}])", r"\n\1\n", text).split("\n"):
        line = line.strip()
        if match := re.match(r"package\s+([\w.]+);", line):
            package = match[1]
        elif match := re.match(r"(message|enum|oneof|service|rpc)\s+(\w+)", line):
            stack.append((match[1], match[2]))
            if match[1] == "message":
                messages.setdefault(f"{package}.{match[2]}", {})
            if match[1] == "enum":
                enums.add(match[2])
        elif line == "}" and stack:
            stack.pop()
        elif (match := FIELD.match(line)) and stack and stack[-1][0] in ("message", "oneof"):
            owner = [name for kind, name in stack if kind == "message"][-1]
            shape = "oneof" if stack[-1][0] == "oneof" else "list" if match[1] else "map" if match[3] else "one"
            messages[f"{package}.{owner}"][int(match[5])] = (match[4], (match[3] or match[2]).split(".")[-1], shape)


def compare(name, row, theirs, enums):
    """What is wrong with a row of the table, or None."""
    number, field, kind, shape = int(row[1]), row[2], row[3], row[4]
    if number not in theirs:
        return f"{name}.{field}: there is no field {number}"
    their_name, their_type, their_shape = theirs[number]
    their_kind = their_type if their_type in SCALARS else "enum" if their_type in enums else "message"
    ours = "message" if kind == "opaque" else kind
    if (name, field) in BYTES:
        ours = "string"
    if (field, shape, ours) != (their_name, their_shape, their_kind):
        return f"{name}.{field} {number}: {shape} {ours}, there {their_name} {their_shape} {their_kind}"
    return None


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    messages, enums, problems, compared = {}, set(), [], 0
    for path in sys.argv[2:]:
        read_file(path, messages, enums)
    lines = subprocess.run([sys.argv[1], "--fields"], check=True, capture_output=True, text=True).stdout
    name, seen = "", {}
    for row in (line.split("\t") for line in lines.splitlines()):
        if row[0] == "message":
            name = row[2]
        elif name in messages:
            compared += 1
            seen.setdefault(name, set()).add(int(row[1]))
            problem = compare(name, row, messages[name], enums)
            problems += [problem] if problem else []
    for name, numbers in seen.items():
        for number in sorted(set(messages[name]) - numbers):
            problems.append(f"{name}: field {number} {messages[name][number][0]} is in no row")
    print("\n".join(problems))
    print(f"{compared} fields of {len(seen)} messages compared, {len(problems)} problems")
    return 1 if problems or compared < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
