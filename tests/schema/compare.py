"""compare.py FOLDER EXCEPTIONS JUDGE FILE...: whether the JSON Schemas and the loader judge each FILE the same.

Each file is judged as a main file and as one that is included; FOLDER has both schemas. The schema's side reads YAML as
editors do (YAML 1.2, core schema; a key that stands twice is an error), then asks jsonschema. The loader's side is the
program JUDGE. The schema may never refuse what the loader takes. What it takes and the loader refuses stands in
EXCEPTIONS, `NAME: reason` on each line; one that is no longer needed is a failure, too.
"""

import collections
import json
import os
import pathlib
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


def judge_by_loader(program, role, paths):
    output = subprocess.run([program, role, *paths], check=True, capture_output=True, timeout=300).stdout
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


class Comparison:
    """The verdicts on all documents in one role: "main" or "fragment"."""

    def __init__(self, role, exceptions):
        self.role = role
        self.exceptions = exceptions
        self.counts = collections.Counter()
        self.problems = []
        self.needed = set()

    def add(self, name, by_schema, why, by_loader):
        if by_loader and by_schema != "ok":
            self.problems.append(f"{name} ({self.role}): the loader takes it, the {by_schema} refuses it: {why}")
        elif by_loader or by_schema != "ok":
            self.counts["taken by both" if by_loader else REFUSED.format(by_schema)] += 1
        elif name in self.exceptions:
            self.counts["refused by the loader alone, as listed"] += 1
            self.needed.add(name)
        else:
            self.problems.append(f"{name} ({self.role}): the loader refuses it, the schema takes it; "
                                 "extend the schema, or list it with the reason")

    def finish(self):
        if self.counts[REFUSED.format("schema")] < ENOUGH:
            self.problems.append(f"fewer than {ENOUGH} documents are refused by the schema itself ({self.role})")
        print(f"{self.role}:", ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())))


def compare(role, schema, program, exceptions, paths):
    document = json.loads(schema.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(document)
    resolver = jsonschema.RefResolver(schema.as_uri(), document)
    validator = jsonschema.Draft7Validator(document, resolver=resolver)
    by_loader = judge_by_loader(program, role, paths)
    result = Comparison(role, exceptions)
    for path in paths:
        result.add(name_of(path), *judge_by_schema(validator, path), by_loader[path])
    result.finish()
    return result


def name_of(path):
    return os.path.basename(path).removesuffix(".yaml")


def main():
    folder, listed, program, *paths = sys.argv[1:]
    exceptions = read_exceptions(listed)
    schemas = {"main": "shmbroker.schema.json", "fragment": "shmbroker-fragment.schema.json"}
    print(f"{len(paths)} documents")
    results = [compare(role, pathlib.Path(folder, name).resolve(), program, exceptions, paths)
               for role, name in schemas.items()]
    problems = [problem for result in results for problem in result.problems]
    for name in exceptions.keys() - set().union(*(result.needed for result in results)):
        problems.append(f"{name}: listed as an exception, and is none; remove it from the list")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


sys.exit(main())
