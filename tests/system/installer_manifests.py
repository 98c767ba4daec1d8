#!/usr/bin/python3
"""Checks YAML files against a JSON Schema, every scalar read as text: installer_manifests.py SCHEMA FILE…"""

import json
import sys

import jsonschema
import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
findings = 0
for name in sys.argv[2:]:
    with open(name, encoding="utf-8") as file:
        manifest = yaml.load(file, Loader=yaml.BaseLoader)
    for error in jsonschema.Draft7Validator(schema).iter_errors(manifest):
        print(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
        findings += 1
sys.exit(findings > 0)
