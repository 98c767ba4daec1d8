#!/usr/bin/python3
"""Checks what the workflows say against what is in the tree: workflows.py ROOT

Nothing here runs a workflow. It finds what would stop one at once: a script or verb that is not there, a shell line that
does not parse, a job that needs an unknown one, an artifact that nobody uploads.
"""

import json
import os
import re
import subprocess
import sys

import yaml

root = sys.argv[1]
findings = []


def read(path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def check(holds, where, what):
    if not holds:
        findings.append(f"{where}: {what}")


def verbs_of_dev():
    return set(re.findall(r"^verb_(\w+)\(\)", read("dev"), re.MULTILINE))


def verbs_of_dev_cmd():
    return set(re.search(r"for %%v in \(([^)]*)\)", read("dev.cmd")).group(1).split())


def presets():
    return {preset["name"] for preset in json.loads(read("CMakePresets.json"))["configurePresets"]}


def check_script(where, script, shell):
    """The commands of one step."""
    for verb in re.findall(r"\./dev (\w+)", script):
        check(verb in verbs_of_dev(), where, f"./dev has no verb {verb}")
    for verb in re.findall(r"dev\.cmd (\w+)", script):
        check(verb in verbs_of_dev_cmd(), where, f"dev.cmd has no verb {verb}")
    for path in re.findall(r"(?:^|[\s;&|(])((?:installer|tests|\.ci)/[\w./-]+)", script):
        check(os.access(os.path.join(root, path), os.X_OK), where, f"{path} is not a program in the tree")
    if shell in (None, "bash"):
        # What the runner puts in place of its expressions is a word like any other.
        plain = re.sub(r"\$\{\{.*?\}\}", "x", script)
        parsed = subprocess.run(["bash", "-n"], input=plain, capture_output=True, text=True, check=False)
        check(parsed.returncode == 0, where, parsed.stderr.strip())


def check_artifacts(where, jobs):
    uploaded = set()
    for job in jobs.values():
        uploaded |= {s["with"]["name"] for s in job["steps"] if "upload-artifact" in s.get("uses", "")}
    for name, job in jobs.items():
        for step in job["steps"]:
            if "download-artifact" in step.get("uses", ""):
                check(step["with"]["name"] in uploaded, f"{where}: {name}", f"nobody uploads {step['with']['name']}")


def check_workflow(path):
    workflow = yaml.safe_load(read(path))
    jobs = workflow["jobs"]
    check({"name", "jobs", "permissions"} <= workflow.keys(), path, "name, permissions or jobs are missing")
    check("on" in workflow or True in workflow, path, "nothing starts it")  # YAML 1.1 reads `on` as true
    for name, job in jobs.items():
        where = f"{path}: {name}"
        needs = job.get("needs", [])
        for other in [needs] if isinstance(needs, str) else needs:
            check(other in jobs, where, f"needs {other}, which is no job")
        check("runs-on" in job and "timeout-minutes" in job, where, "runs-on or timeout-minutes is missing")
        for preset in job.get("strategy", {}).get("matrix", {}).get("preset", []):
            check(preset in presets(), where, f"{preset} is no preset")
        on_windows = job.get("runs-on", "").startswith("windows")
        for step in job["steps"]:
            check(("run" in step) != ("uses" in step), where, f"a step must have one of run and uses: {step}")
            check("@" in step.get("uses", "@"), where, f"{step.get('uses')} names no version")
            check("run" not in step or "shell" in step or not on_windows, where, f"which shell? {step}")
            check_script(where, step.get("run", ""), step.get("shell"))
    check_artifacts(path, jobs)


for file_name in sorted(os.listdir(os.path.join(root, ".github/workflows"))):
    check_workflow(f".github/workflows/{file_name}")
print("\n".join(findings) or "the workflows name what there is")
sys.exit(bool(findings))
