"""compare.py SCHEMA EXCEPTIONS JUDGE FILE...: whether the JSON Schema and the loader judge each FILE the same.

The schema's side reads YAML as editors do (YAML 1.2, core schema; a key that stands twice is an error), then asks
jsonschema. The loader's side is the program JUDGE. The schema may never refuse what the loader takes. What it takes and
the loader refuses stands in EXCEPTIONS, `NAME: reason` on each line; one that is no longer needed is a failure, too.
"""

import collections
import json
import os
import re
import subprocess
import sys

import jsonschema
import yaml


ENOUGH = 40
REFUSED = "refused by both, here by the {}"


class Reader(yaml.SafeLoader):
    """YAML 1.2's core schema; keys are text, as in JSON."""

    yaml_implicit_resolvers = {}

    def construct_object(self, node, deep=False):
        return super().construct_object(node, deep=True)


def add(tag, pattern, first):
    Reader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), first)


add("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""])
add("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF"))
add("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789"))
add("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789"))


def construct_int(loader, node):
    text = loader.construct_scalar(node)
    if text.startswith("0o"):
        return int(text[2:], 8)
    return int(text, 16) if text.startswith("0x") else int(text)


def construct_mapping(loader, node):
    result = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key that is no text", key.start_mark)
        name = "" if key.tag.endswith(":null") else key.value
        if name in result:
            raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} twice", key.start_mark)
        result[name] = loader.construct_object(value)
    return result


Reader.add_constructor("tag:yaml.org,2002:int", construct_int)
Reader.add_constructor("tag:yaml.org,2002:map", construct_mapping)


def judge_by_schema(validator, path):
    """"ok", "schema" or "reader": taken, refused by the schema, refused by the YAML reader; and why."""
    try:
        with open(path, "rb") as stream:
            document = yaml.load(stream, Reader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return "reader", str(error).splitlines()[0]
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    return ("ok", "") if error is None else ("schema", f"{error.json_path}: {error.message}"[:200])


def judge_by_loader(program, paths):
    output = subprocess.run([program, *paths], check=True, capture_output=True, timeout=300).stdout
    verdicts = {}
    for line in output.decode().splitlines():
        if not line.startswith("    "):
            verdict, path = line.split(" ", 1)
            verdicts[path] = verdict == "ok"
    return verdicts


def read_exceptions(path):
    exceptions = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                name, reason = line.split(":", 1)
                exceptions[name.strip()] = reason.strip()
    return exceptions


def compare(name, by_schema, why, by_loader, is_listed):
    """The problem with the two verdicts, or None."""
    if by_loader and by_schema != "ok":
        return f"{name}: the loader takes it, the {by_schema} refuses it: {why}"
    agreed = by_loader or by_schema != "ok"
    if agreed and is_listed:
        return f"{name}: listed as an exception, and is none any more; remove it from the list"
    if not agreed and not is_listed:
        return f"{name}: the loader refuses it, the schema takes it; extend the schema, or list it with the reason"
    return None


def compare_all(validator, program, exceptions, paths):
    """Counts of the verdicts, and the problems."""
    by_loader = judge_by_loader(program, paths)
    counts = collections.Counter()
    problems = []
    for path in paths:
        name = os.path.basename(path).removesuffix(".yaml")
        by_schema, why = judge_by_schema(validator, path)
        if name in exceptions:
            counts["refused by the loader alone, as listed"] += 1
        else:
            counts["taken by both" if by_loader[path] else REFUSED.format(by_schema)] += 1
        problems.append(compare(name, by_schema, why, by_loader[path], name in exceptions))
    names = {os.path.basename(path).removesuffix(".yaml") for path in paths}
    problems += [f"{name}: listed as an exception, and there is no such document" for name in exceptions.keys() - names]
    return counts, [problem for problem in problems if problem]


def main():
    schema, listed, program, *paths = sys.argv[1:]
    with open(schema, encoding="utf-8") as stream:
        document = json.load(stream)
    jsonschema.Draft7Validator.check_schema(document)
    validator = jsonschema.Draft7Validator(document)
    counts, problems = compare_all(validator, program, read_exceptions(listed), paths)
    if counts[REFUSED.format("schema")] < ENOUGH:
        problems.append(f"fewer than {ENOUGH} documents are refused by the schema itself")
    print(f"{len(paths)} documents:", ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


sys.exit(main())
