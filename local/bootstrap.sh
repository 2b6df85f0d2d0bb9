#!/usr/bin/env bash
# Install the project's dependencies: bootstrap.sh python | environment VENV LOCK | cli
# On failure each command prints one sentence and exits with 1.
set -euo pipefail
unset PYTHONPATH

fail() { echo "$*" >&2; exit 1; }

# Print the newest Python that Lambda supports (3.11 to 3.14) and that can create a virtual environment.
# Run each candidate: a version manager's shim on the PATH may exit with 127.
find_python() {
  local found="" candidate
  for candidate in ${TICKETING_PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; then
      if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "$candidate"
        return
      fi
      found="$candidate"
    fi
  done
  [ -z "$found" ] || fail "$found cannot create a virtual environment; install its venv module (on Debian: apt-get install python3-venv)."
  fail "No supported Python found: install Python 3.11, 3.12, 3.13 or 3.14."
}

# Whether the environment's Python is supported and has pip: an interrupted `venv` leaves one without.
is_usable() {
  "$1" -c 'import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

# The lock's entry for one package, with its hashes.
lock_entry() { awk -v name="$1==" 'index($0, name) == 1 { found = 1; print; next } found && /^    --hash/ { print; next } { found = 0 }' "$2"; }

# pip installs uv, uv installs the rest: both check every file against the hashes of the lock.
environment() {
  local venv="$1" lock="$2" python started=$SECONDS log="$1/install.log"
  is_usable "$venv/bin/python" || { python="$(find_python)"; rm -rf "$venv"; "$python" -m venv "$venv"; }
  echo "environment: installing $(grep -c '==' "$lock") packages for $("$venv/bin/python" --version) …"
  lock_entry uv "$lock" >"$venv/uv.txt"
  # uv reads no pip configuration: pass on the index that pip is configured with, if any.
  local index
  index="$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || echo "${PIP_INDEX_URL:-}")"
  {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-compile \
      --only-binary :all: -r "$venv/uv.txt" &&
      env ${index:+UV_DEFAULT_INDEX="$index"} "$venv/bin/python" -m uv pip install --quiet --no-config \
        --python "$venv/bin/python" --require-hashes --no-build --requirement "$lock"
  } >"$log" 2>&1 || { cat "$log" >&2; fail "The packages of $lock could not be installed; see the output above."; }
  compile_runtime "$venv/bin/python"
  echo "environment: ready after $((SECONDS - started)) s"
}

# Handlers run from this environment: compile what they import. Everything else is compiled at its first import.
compile_runtime() {
  "$1" - requirements/runtime.txt <<'PYTHON' || true
import compileall, importlib.metadata, pathlib, re, sys

names = re.findall(r"^([a-z0-9-]+)==", pathlib.Path(sys.argv[1]).read_text(), re.MULTILINE)
installed = [found for name in names for found in importlib.metadata.distributions(name=name)]
files = [(found, file) for found in installed for file in found.files or () if file.suffix == ".py" and ".." not in file.parts]
folders = {pathlib.Path(found.locate_file(file.parts[0])) for found, file in files}
for folder in folders:
    if folder.is_dir():
        compileall.compile_dir(folder, quiet=2, workers=0)
    else:
        compileall.compile_file(folder, quiet=2)
PYTHON
}

cli() {
  local started=$SECONDS version
  version="$(node -p 'process.versions.node' 2>/dev/null)" || fail "Node not found: install Node 20.19 or newer."
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
    fail "Node $version is too old: install Node 20.19 or newer."
  npm --version >/dev/null 2>&1 || fail "npm not found: install it (it comes with Node)."
  echo "cdk: installing the command line …"
  npm ci --no-audit --no-fund --loglevel=error >/dev/null || fail "npm ci failed; see the output above."
  echo "cdk: ready after $((SECONDS - started)) s"
}

case "${1:-}" in
  python) find_python ;;
  environment) environment "$2" "$3" ;;
  cli) cli ;;
  *) fail "usage: bootstrap.sh python | environment VENV LOCK | cli" ;;
esac
