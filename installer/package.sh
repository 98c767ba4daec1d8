#!/usr/bin/env bash
# Makes the packages from what the presets mingw64 and mingw32 built:
#
#   package.sh BUILD64 BUILD32 OUTPUT [VERSION]
#
# puts shmbroker-VERSION-x64.msi, .zip and .spdx.json (what is in them) into the folder OUTPUT. VERSION is the project's
# own unless given. The same sources and tools give the same bytes: every file's time is SOURCE_DATE_EPOCH, or else the
# last commit's, and every identifier is made from a name or from the contents.
#
# With SHMBROKER_SIGN_PKCS12 naming a certificate with its key, programs and MSI are signed;
# SHMBROKER_SIGN_PASSWORD_FILE names a file with its password, SHMBROKER_SIGN_TIMESTAMP a time stamping service.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build64=$(realpath "$1")
build32=$(realpath "$2")
mkdir -p "$3"
output=$(realpath "$3")
version=${4:-$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build64/CMakeCache.txt")}
name=shmbroker-$version-x64
libraries=$here/../build/deps/src
work=$output/work
stage=$work/$name
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$here" -c safe.directory='*' log -1 --format=%ct 2>/dev/null || echo 315532800)}
export SOURCE_DATE_EPOCH=$epoch # strip writes it into the programs

# A UUID made from a text, the same for the same text.
uuid_of() {
    local hash
    hash=$(printf '%s' "shmbroker:$1" | sha1sum)
    printf '%s-%s-5%s-a%s-%s\n' "${hash:0:8}" "${hash:8:4}" "${hash:13:3}" "${hash:17:3}" "${hash:20:12}" | tr a-f A-F
}

# What the package's programs have built in from elsewhere, in its makers' words.
write_notices() {
    echo "Shared Memory Broker has these libraries built in. Its own licence is LICENSE.txt."
    local library
    for library in libyaml/License cjson/LICENSE; do
        printf '\n---- %s ----\n\n' "${library%/*}"
        cat "$libraries/$library"
    done
    printf '\n---- mingw-w64 ----\n\n'
    cat /usr/share/doc/mingw-w64-x86-64-dev/copyright
    printf '\n---- libgcc and libssp ----\n\n'
    echo "GNU General Public License version 3 with the GCC Runtime Library Exception version 3.1, which permits their"
    echo "being part of this program: https://www.gnu.org/licenses/gcc-exception-3.1.html"
}

# sign FILE…: in place, where that is switched on.
sign() {
    [ -n "${SHMBROKER_SIGN_PKCS12:-}" ] || return 0
    local file options=(-pkcs12 "$SHMBROKER_SIGN_PKCS12" -h sha256 -n "Shared Memory Broker")
    [ -z "${SHMBROKER_SIGN_PASSWORD_FILE:-}" ] || options+=(-readpass "$SHMBROKER_SIGN_PASSWORD_FILE")
    [ -z "${SHMBROKER_SIGN_TIMESTAMP:-}" ] || options+=(-ts "$SHMBROKER_SIGN_TIMESTAMP")
    for file in "$@"; do
        osslsigncode sign "${options[@]}" -in "$file" -out "$work/signed" >/dev/null
        mv "$work/signed" "$file"
    done
}

install_component() { cmake --install "$1" --component "$2" --prefix "$3" --strip >/dev/null; }

# An SDK for one architecture: what find_package(shmbroker) finds, and an import library in Microsoft's form.
install_sdk() {
    local build=$1 machine=$2 prefix=$3 strip=$4
    install_component "$build" client "$prefix"
    rm -rf "$prefix/share"
    "$strip" --strip-debug --enable-deterministic-archives "$prefix"/lib/*.a
    llvm-dlltool -m "$machine" -d "$here/../client/src/shmb.def" -l "$prefix/lib/shmb.lib"
}

stage_files() {
    rm -rf "$work"
    mkdir -p "$stage"
    install_component "$build64" package "$stage"
    install_component "$build64" dll "$stage"
    install_component "$build32" dll "$stage/x86"
    install_sdk "$build64" i386:x86-64 "$stage/sdk/x64" x86_64-w64-mingw32-strip
    install_sdk "$build32" i386 "$stage/sdk/x86" i686-w64-mingw32-strip
    find "$stage/examples" -name CMakeLists.txt -delete
    write_notices >"$stage/NOTICES.txt"
    sed -i 's/\r*$/\r/' "$stage"/*.txt "$stage/shmbroker.default.yaml"
    sign "$stage"/*.exe "$stage"/*.dll "$stage"/x86/*.dll "$stage"/sdk/*/bin/*.dll
    find "$stage" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
    find "$stage" -exec touch -h -d "@$epoch" {} +
}

build_zip() {
    rm -f "$output/$name.zip"
    (cd "$work" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -q -X -@ "$output/$name.zip")
}

build_msi() {
    local product contents code
    product=$(uuid_of "product $version")
    contents=$(cat "$here"/*.{wxs,sh,cmake,ico} | sha256sum
        cd "$stage" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    code=$(uuid_of "package $version $contents")
    cmake -D STAGE="$stage" -D NAMED="$here/shmbroker.wxs" -D OUTPUT="$work/files.wxs" -P "$here/harvest.cmake"
    (cd "$stage" && wixl -a x64 -D wixl=1 -D Version="$version" -D ProductCode="$product" -o "$work/$name.msi" \
        "$here/shmbroker.wxs" "$work/files.wxs")
    "$here/complete.sh" "$work/$name.msi" "$version" "$epoch" "$code"
    sign "$work/$name.msi"
    mv "$work/$name.msi" "$output/$name.msi"
}

stage_files
build_zip
build_msi
"$here/sbom.sh" "$version" "$epoch" "$output/$name.msi" "$output/$name.zip" >"$output/$name.spdx.json"
