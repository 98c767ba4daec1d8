"""unpack.py SOURCE TARGET: the documents of the YAML test suite as files, TARGET/ID.yaml, one each.

SOURCE is what `dev` fetched: the suite's own folders (ID/in.yaml, beside it `error` when it is no YAML), or the npm
package's modules (ID.js, each a JSON object behind `export default`). Those that are no YAML are named ID.invalid.yaml.
"""

import json
import pathlib
import sys


def from_folders(source):
    for path in sorted(source.rglob("in.yaml")):
        # Most tests have one document; of those with several each has a folder, numbered.
        name = path.parent.name if len(path.parent.name) == 4 else f"{path.parent.parent.name}-{path.parent.name}"
        if "tags" not in path.parts and "name" not in path.parts:
            yield name, (path.parent / "error").exists(), path.read_bytes()


def from_modules(source):
    for path in sorted(source.rglob("????.js")):
        text = path.read_text(encoding="utf-8")
        cases = json.loads(text[text.index("export default") + len("export default"):].rstrip("; \n"))["cases"]
        for number, case in enumerate(cases):
            name = path.stem if len(cases) == 1 else f"{path.stem}-{number:02}"
            yield name, case.get("fail", False), case["yaml"].encode("utf-8", "surrogatepass")


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    documents = list(from_folders(source)) or list(from_modules(source))
    if len(documents) < 300:
        sys.exit(f"unpack: {source} has {len(documents)} documents of the YAML test suite, which has more than 300")
    target.mkdir(parents=True)
    for name, invalid, document in documents:
        (target / f"{name}{'.invalid' if invalid else ''}.yaml").write_bytes(document)
    print(f"{len(documents)} documents")


main()
