"""Lays out the schemas of the Python package kubernetes-validate as kubeconform looks for them, with references that stay
on this machine.

    schemas.py PACKAGE_FOLDER VERSION TARGET_FOLDER
"""

import json
import sys
from pathlib import Path

DEFINITIONS = "/api/_definitions.json"


def local(node):
    """The same schema, whose references name the file beside it and not an address."""
    if isinstance(node, list):
        return [local(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: local(value) for key, value in node.items() if not (key == "$id" and isinstance(value, str))}
    if isinstance(kept.get("$ref"), str):
        kept["$ref"] = kept["$ref"].replace(DEFINITIONS, DEFINITIONS.rsplit("/", 1)[1])
    return kept


def main(package, version, target):
    for suffix in ("", "-strict"):
        release = ".".join(version.split(".")[:2])
        found = sorted(Path(package).rglob(f"v{release}*-local{suffix}"))
        if not found:
            sys.exit(f"schemas: there are none for Kubernetes {version}")
        folder = Path(target) / f"v{version}-standalone{suffix}"
        if folder.is_dir():
            continue
        folder.mkdir(parents=True)
        for file in found[0].glob("*.json"):
            (folder / file.name).write_text(json.dumps(local(json.loads(file.read_text()))))


main(*sys.argv[1:])
