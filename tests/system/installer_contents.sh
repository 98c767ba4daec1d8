#!/usr/bin/env bash
# What the packages are made of: versions in every program, signatures where asked for, a bill of materials and
# manifests that say the truth.
#
#   installer_contents.sh BUILD64 BUILD32 WORK
set -euo pipefail

build64=$1
build32=$2
work=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
installer=$here/../../installer
failures=0

# check WHAT COMMAND…: one line; the command's output is shown when it fails.
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok: $what"
    else
        printf 'FAILED: %s\n%s\n' "$what" "$output"
        failures=$((failures + 1))
    fi
}

make_certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Installer test" -keyout "$work/key.pem" \
        -out "$work/cert.pem" -addext "extendedKeyUsage=codeSigning" 2>/dev/null
    openssl pkcs12 -export -passout pass:secret -inkey "$work/key.pem" -in "$work/cert.pem" -out "$work/cert.p12"
    echo -n secret >"$work/password"
}

# grep reads to the end: with -q it would leave at once, and a program that still writes would fail for it.
has_version() { x86_64-w64-mingw32-objdump -s -j .rsrc "$1" | awk '{ print $NF }' | tr -d '.\n' | grep FileVersion >/dev/null; }
is_signed() { osslsigncode verify -CAfile "$work/cert.pem" -in "$1" | grep 'Signature verification: ok' >/dev/null; }
is_json() { cmake -D FILE="$1" -P "$here/installer_json.cmake"; }
has_text() { grep -qF -- "$2" "$1"; }
zip_has() { cmake -E tar tf "$zip" | grep -xF "$1" >/dev/null; }
is_filled_in() { ! grep -rn '@[A-Z0-9_]*@' "$1"; }

rm -rf "$work"
mkdir -p "$work"
make_certificate
SHMBROKER_SIGN_PKCS12=$work/cert.p12 SHMBROKER_SIGN_PASSWORD_FILE=$work/password \
    "$installer/package.sh" "$build64" "$build32" "$work/package"
msi=$(echo "$work"/package/*.msi)
zip=$(echo "$work"/package/*.zip)
sbom=$(echo "$work"/package/*.spdx.json)
version=$(basename "$msi" -x64.msi)
version=${version#shmbroker-}

while read -r program; do
    check "${program#"$work"/package/work/} has a version" has_version "$program"
    check "${program#"$work"/package/work/} is signed" is_signed "$program"
done < <(find "$work/package/work" -name '*.exe' -o -name '*.dll' | sort)
check "the MSI is signed" is_signed "$msi"

check "the bill of materials is JSON with what SPDX asks for" is_json "$sbom"
for library in libyaml cjson cmocka; do
    check "the bill of materials has $library's version" has_text "$sbom" \
        "pkg:deb/debian/$library@$(dpkg-parsechangelog -l "$here/../../build/deps/src/$library/debian/changelog" -S Version)"
done

"$installer/manifests.sh" "$work/package" "https://example.org/shmbroker/releases/download/v$version" "$work/manifests"
sum=$(sha256sum "$msi" | cut -d ' ' -f 1)
product=$(msiinfo export "$msi" Property | tr -d '\r' | sed -n 's/^ProductCode\t//p')
winget=$work/manifests/winget
check "every blank of the manifests is filled in" is_filled_in "$work/manifests"
check "winget's manifests are of its schema" "$here/installer_manifests.py" "$here/winget.schema.json" "$winget"/*.yaml
check "winget's manifest has the MSI's hash" has_text "$winget/shmbroker.shmbroker.installer.yaml" \
    "InstallerSha256: ${sum^^}"
check "winget's manifest has the MSI's product code" has_text "$winget/shmbroker.shmbroker.installer.yaml" \
    "ProductCode: '$product'"
check "Chocolatey's script has the MSI's hash" has_text "$work/manifests/chocolatey/tools/chocolateyinstall.ps1" \
    "${sum^^}"
check "Chocolatey's package is of NuGet's form" xmllint --noout --relaxng "$here/nuspec.rng" \
    "$work/manifests/chocolatey/shmbroker.nuspec"
check "the zip has the program" zip_has "shmbroker-$version-x64/shmbroker.exe"

[ "$failures" -eq 0 ] || { echo "$failures checks failed" && exit 1; }
