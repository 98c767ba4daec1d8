#!/usr/bin/env bash
# Builds the 32-bit client that the packages contain, for the tests that make packages.
#
#   installer_build32.sh SOURCES
set -euo pipefail

cd "$1"
[ -e build/mingw32/build.ninja ] || cmake --preset mingw32
cmake --build build/mingw32
