#!/usr/bin/env bash
# Two copies of the sources in different places, built and packaged at different times, give the same bytes:
#
#   installer_reproducible.sh SOURCES WORK
#
# The libraries in build/deps are shared: they are built from Debian's sources once.
set -euo pipefail

sources=$(realpath "$1")
work=$2
export SOURCE_DATE_EPOCH=1700000000
unset DESTDIR

# What git knows or would take; all but build/ where there is no git. Whoever owns the folder.
list_sources() {
    git -C "$sources" -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
        (cd "$sources" && find . -path ./build -prune -o -type f -print0)
}

# copy_and_package FOLDER: a clean copy of the sources, built and packaged in FOLDER.
copy_and_package() {
    local folder=$1 preset
    mkdir -p "$folder/build"
    tar -x -C "$folder" -f "$work/sources.tar"
    ln -s "$sources/build/deps" "$folder/build/deps"
    for preset in mingw64 mingw32; do
        cmake -S "$folder" --preset "$preset" -D SHMBROKER_TESTS=OFF
        cmake --build "$folder/build/$preset" --target shmbroker shmbroker-keeper shmbroker-events shmb shmb_static
    done >"$folder.log"
    "$folder/installer/package.sh" "$folder/build/mingw64" "$folder/build/mingw32" "$folder/package"
}

rm -rf "$work"
mkdir -p "$work"
list_sources | tar -c -C "$sources" -f "$work/sources.tar" --null -T - --ignore-failed-read
copy_and_package "$work/one"
copy_and_package "$work/second/and/deeper"

status=0
for file in "$work"/one/package/shmbroker-*; do
    cmp "$file" "$work/second/and/deeper/package/${file##*/}" || status=1
    sha256sum "$file"
done
# What differs, when something does.
[ "$status" -eq 0 ] || diff -rq "$work/one/package/work" "$work/second/and/deeper/package/work" || true
exit "$status"
