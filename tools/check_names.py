"""Does a retired name come back? `tools/retired_names.toml` lists them: identifiers, modules, keys, metrics, functions.

Identifiers are whole Python names, keys and metrics whole string literals, functions `<service>.<file>`; English words
that remain legitimate are not listed. docs/glossary.md holds the names that replaced them.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_name("retired_names.toml")
SOURCES = ("app.py", "infra", "functions", "layers", "local", "tools", "tests")
TEXTS = ("README.md", "CONTRIBUTING.md", "Makefile", "docs")
IMPORT_ROOTS = ("functions/", "layers/common/python/")
MINIMUM = 300  # names that the list has at least: an empty list would find nothing
HISTORY = "docs/adr"  # decisions keep the words of their time
Retired = Mapping[str, frozenset[str]]


def retired() -> Retired:
    """The list, by kind."""
    return {kind: frozenset(names) for kind, names in tomllib.loads(LIST.read_text()).items()}


def findings(root: Path, names: Retired) -> list[str]:
    """Every use of a retired name below `root`, as `file:line: kind name`."""
    sources = [file for source in SOURCES for file in _files(root / source, "*.py")]
    texts = [file for text in TEXTS for file in _files(root / text, "*") if HISTORY not in file.as_posix()]
    found = [finding for file in sources for finding in _in_source(root, file, names)]
    return found + [finding for file in texts for finding in _in_text(root, file, names)]


def _in_source(root: Path, file: Path, names: Retired) -> Iterator[str]:
    path = file.relative_to(root).as_posix()
    if _module(path) in names["modules"]:
        yield f"{path}:1: module {_module(path)}"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        line = getattr(node, "lineno", 1)
        yield from (f"{path}:{line}: identifier {name}" for name in _identifiers(node) if name in names["identifiers"])
        yield from (f"{path}:{line}: module {name}" for name in _imported(node) if name in names["modules"])
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for kind in ("keys", "metrics", "functions"):
                if node.value in names[kind]:
                    yield f"{path}:{line}: {kind.removesuffix('s')} {node.value}"


def _in_text(root: Path, file: Path, names: Retired) -> Iterator[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return  # a picture
    for number, line in enumerate(lines, 1):
        for word in re.findall(r"[a-z_]+(?:[./][a-z_]+)+", line):
            name = word.removesuffix(".py").replace("/", ".")
            if name in names["functions"] or _module(word) in names["modules"]:
                yield f"{file.relative_to(root).as_posix()}:{number}: name {word}"
        for word in re.findall(r"\b[A-Z][A-Za-z]+\b", line):
            if word in names["metrics"]:
                yield f"{file.relative_to(root).as_posix()}:{number}: metric {word}"


def _identifiers(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
            yield name
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.keyword(arg=str(name)) | ast.alias(asname=str(name)):
            yield name


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(path: str) -> str:
    for prefix in IMPORT_ROOTS:
        path = path.removeprefix(prefix)
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _files(path: Path, pattern: str) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in sorted(path.rglob(pattern)) if file.is_file() and "__pycache__" not in file.parts]


def main() -> None:
    names = retired()
    count = sum(map(len, names.values()))
    if count < MINIMUM:
        sys.exit(f"tools/retired_names.toml has {count} names; it must have at least {MINIMUM}")
    found = findings(ROOT, names)
    if found:
        sys.exit("\n".join([*found, f"{len(found)} uses of retired names; docs/glossary.md has today's"]))
    print(f"names: none of {count} retired names is used")


if __name__ == "__main__":
    main()
