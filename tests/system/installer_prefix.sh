#!/usr/bin/env bash
# Runs the installer's test in a Wine prefix that is made for it, with packages that are made for it:
#
#   installer_prefix.sh PROGRAM BUILD64 BUILD32
#
# The packages are those of the programs as they are built, and the same as a higher version to upgrade to.
set -euo pipefail

program=$1
build64=$2
build32=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$build64/installer-test

rm -rf "$work"
mkdir -p "$work/packages" "$work/prefix"
"$here/../../installer/package.sh" "$build64" "$build32" "$work/packages"
"$here/../../installer/package.sh" "$build64" "$build32" "$work/packages" 99.0.0

unset DISPLAY WAYLAND_DISPLAY
export WINEPREFIX=$work/prefix WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES="mscoree,mshtml="
trap 'wineserver -k || true; wineserver -w' EXIT
wineboot -i >/dev/null 2>&1
wine winecfg /v win10
wineserver -w
SHMBROKER_PACKAGES=$(winepath -w "$work/packages" 2>/dev/null) wine "$program" 2>&1
