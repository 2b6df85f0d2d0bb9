#!/usr/bin/env bash
# What a machine must have: needs.sh python | environment VENV LOCK | cli
# Each says in one sentence what is missing and ends with 1.
set -euo pipefail
unset PYTHONPATH

fail() { echo "$*" >&2; exit 1; }

# The newest Python that runs, that Lambda offers (3.11 to 3.14) and that can make an environment.
# A name on the PATH proves nothing: a version manager's shim may answer with 127.
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
  [ -z "$found" ] || fail "$found cannot make a virtual environment; install its venv module (on Debian: apt-get install python3-venv)."
  fail "Python 3.11, 3.12, 3.13 or 3.14 is needed and none of them runs here."
}

runs() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1; }

# pip checks every file against its hash; byte-code is compiled because handlers run from here.
environment() {
  local venv="$1" lock="$2" python started=$SECONDS log="$1/install.log"
  runs "$venv/bin/python" || { python="$(find_python)"; rm -rf "$venv"; "$python" -m venv "$venv"; }
  echo "environment: installing $(grep -c '==' "$lock") packages for $("$venv/bin/python" --version) …"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --no-compile \
    --only-binary :all: -r "$lock" >"$log" 2>&1 || { cat "$log" >&2; fail "The packages of $lock could not be installed; the reason stands above."; }
  "$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
  echo "environment: ready after $((SECONDS - started)) s"
}

cli() {
  local started=$SECONDS major
  major="$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null)" || fail "Node 20 or newer is needed and node does not run here."
  [ "$major" -ge 20 ] || fail "Node 20 or newer is needed; this is Node $major."
  npm --version >/dev/null 2>&1 || fail "npm is needed (it comes with Node) and does not run here."
  echo "cdk: installing the command line …"
  npm ci --no-audit --no-fund --loglevel=error >/dev/null || fail "npm ci failed; the reason stands above."
  echo "cdk: ready after $((SECONDS - started)) s"
}

case "${1:-}" in
  python) find_python ;;
  environment) environment "$2" "$3" ;;
  cli) cli ;;
  *) fail "usage: needs.sh python | environment VENV LOCK | cli" ;;
esac
