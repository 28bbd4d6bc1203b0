#!/usr/bin/env bash
# The demo until Ctrl-C. Ctrl-C is the ordinary way to stop it, so it is no error for make.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

trap : INT # the demo gets Ctrl-C too and stops by itself; this shell waits for it
.venv/bin/selvedge demo "$@"
status=$?
case $status in
    130 | 143) exit 0 ;; # ended by Ctrl-C or a polite kill
    *) exit "$status" ;;
esac
