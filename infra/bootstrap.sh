#!/usr/bin/env bash
# Set up everything a make target needs, inside this folder: .venv from the hash-locked requirements, var/jars from the
# pinned Maven coordinates. Needs Python >= 3.10 and Java >= 17; does nothing, and needs no network, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "error: $*" >&2; exit 1; }

python_ok() { "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}; do
        if command -v "$candidate" >/dev/null && python_ok "$candidate"; then command -v "$candidate"; return; fi
    done
    fail "Python 3.10 to 3.13 is needed, found ${PYTHON:-$(python3 --version 2>&1 || true)}:" \
        "install it (Debian, Ubuntu: apt install python3 python3-venv) or set PYTHON=/path/to/python"
}

check_java() {
    local java="${JAVA_HOME:+$JAVA_HOME/bin/}java" version
    version=$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1) || true
    [ "${version:-0}" -ge 17 ] || fail "Java 17 or newer is needed, found ${version:-none}:" \
        "install it (Debian, Ubuntu: apt install openjdk-17-jre-headless) or set JAVA_HOME"
}

# What the environment was made from; a change of any of it makes the environment again.
fingerprint() {
    { "$1" -VV; "${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1; pwd
      cat infra/requirements.lock infra/uv.lock pyproject.toml; } | cksum
}

install() {
    local python="$1" stamp="$2"
    echo "setup: environment in .venv with $("$python" --version) (a few minutes the first time)" >&2
    if ! { [ -x .venv/bin/python ] && python_ok .venv/bin/python; }; then
        "$python" -m venv --clear .venv || fail "cannot make .venv: install Python's venv module (apt install python3-venv)"
    fi
    .venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r infra/uv.lock
    .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes -r infra/requirements.lock
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    .venv/bin/python -m guideway.degradation.warm_up # machine code of the kernels, compiled once and kept
    printf '%s\n' "$(fingerprint .venv/bin/python)" >"$stamp"
}

main() {
    local stamp=.venv/guideway.stamp python
    check_java
    mkdir -p var
    if command -v flock >/dev/null; then exec 9>var/.bootstrap.lock; flock 9; fi
    if ! { [ -x .venv/bin/python ] && [ -f "$stamp" ] && [ "$(fingerprint .venv/bin/python)" = "$(cat "$stamp")" ]; }; then
        python=$(find_python)
        install "$python" "$stamp"
    fi
    .venv/bin/python infra/spark/fetch_jars.py var/jars
    case "${GUIDEWAY_LAKE:-} ${GUIDEWAY_LANDING:-} ${GUIDEWAY_MLFLOW_ARTIFACTS:-}" in *s3a://* | *s3://*) infra/object_store.sh ;; esac
    if ! [ var/jars/spark.jsa -nt "$stamp" ]; then
        echo "setup: archive of Spark's classes" >&2
        .venv/bin/python infra/spark/class_archive.py var/jars 2>var/class_archive.log ||
            echo "note: there is none, Spark starts slower: see var/class_archive.log" >&2
    fi
}

main
