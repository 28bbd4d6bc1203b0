#!/usr/bin/env bash
# Sets up whatever is missing: .venv with the pinned requirements, Selvedge itself, and Temporal.
# Usage: scripts/setup.sh [run]   ("run" leaves out the time-skipping server, which only tests need)
# Quick when nothing changed. Choose an interpreter with PYTHON=... .
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp=$venv/.selvedge-stamp
servers=$venv/.selvedge-servers
purpose=${1:-test}

say() { printf '[setup] %s\n' "$*" >&2; }
die() { printf '[setup] %s\n' "$*" >&2; exit 1; }

step() { # step WHAT COMMAND...: a line before a slow step, and its seconds after it
    local what=$1 from=$SECONDS
    shift
    say "$what ..."
    "$@" || return
    say "$what: done in $((SECONDS - from)) s"
}

usable() { # has 3.11 or later, and can make virtual environments with pip
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3 python; do
        if usable "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
        [ "$candidate" != "${PYTHON:-}" ] || die "PYTHON=$PYTHON is not Python 3.11+ with venv and ensurepip."
    done
    die "Selvedge needs Python 3.11, 3.12 or 3.13 with venv and pip on PATH (on Debian: apt-get install" \
        "python3 python3-venv). Another interpreter: PYTHON=/where/it/is make setup"
}

fingerprint() {
    cat requirements.lock pyproject.toml scripts/uv.lock scripts/setup.sh | cksum
    "$venv/bin/python" -c 'import sys; print(sys.version)'
    pwd # an editable install points at this folder
}

make_venv() {
    local python
    python=$(find_python)
    step "virtual environment with $("$python" --version)" "$python" -m venv --clear "$venv"
}

need_pip() { # an environment made by another tool may have none
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
}

get_uv() {
    [ -x "$venv/bin/uv" ] && "$venv/bin/uv" --version 2>/dev/null | grep -q "^uv $(sed -n 's/^uv==\([0-9.]*\).*/\1/p' scripts/uv.lock)\b" && return
    need_pip
    step "uv, the installer" "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r scripts/uv.lock
}

uv_install() { # behind a proxy that signs TLS itself, only the system's certificates will do
    local index
    index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX=$index
    fi
    UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180} "$venv/bin/uv" pip install -q --system-certs --python "$venv/bin/python" "$@"
}

pip_install() {
    need_pip
    "$venv/bin/python" -m pip install -q --disable-pip-version-check "$@"
}

install_all() { # install_all INSTALLER: the pinned requirements, then Selvedge without asking for anything more
    step "requirements, by ${1%_install}" "$1" --require-hashes -r requirements.lock &&
        step "Selvedge, editable" "$1" --no-deps --no-build-isolation -e .
}

set_up_python() {
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || make_venv
    [ -x "$venv/bin/selvedge" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ] && return
    if ! { get_uv && install_all uv_install; }; then
        say "uv could not do it here; falling back to pip, which is slower"
        install_all pip_install || die "The requirements could not be installed; the lines above say why." \
            "Is a package index reachable? (PIP_INDEX_URL chooses one.)"
    fi
    fingerprint >"$stamp"
}

places() { # where servers are looked for; when this changes, they are looked for again
    printf '%s' "$PATH:${XDG_CACHE_HOME:-}:${HOME:-}"
}

have_servers() { # every server found last time is still there
    local needed=1 found=0 searched binary
    [ "$purpose" = run ] || needed=2
    [ -r "$servers" ] || return 1
    {
        read -r searched
        while read -r binary; do
            [ -x "$binary" ] && found=$((found + 1))
        done
    } <"$servers"
    [ "$searched" = "$(places)" ] && [ "$found" -ge "$needed" ]
}

set_up_servers() {
    have_servers && return
    local found
    found=$("$venv/bin/python" -m scripts.temporal_server | tail -n 1)
    if [ "$purpose" != run ]; then
        found+=$'\n'$("$venv/bin/python" -m scripts.time_skipping_server | tail -n 1)
    fi
    printf '%s\n' "$(places)" "$found" >"$servers"
    say "Temporal: $(printf '%s' "$found" | tr '\n' ' ')"
}

if command -v flock >/dev/null 2>&1; then # two makes at once take turns
    exec 9<.
    flock -n 9 || { say "another set-up is at work in this folder; waiting for it"; flock 9; }
fi
set_up_python
set_up_servers
