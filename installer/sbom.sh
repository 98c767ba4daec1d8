#!/usr/bin/env bash
# Writes the bill of materials (SPDX 2.3, JSON) of a package to standard output: what is built in, what it was built and
# tested with, each with its version, licence, and where it came from. Versions are those in use.
#
#   sbom.sh VERSION EPOCH FILE…      FILE: the packages that it describes
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$1
created=$(date -u -d "@$2" +%Y-%m-%dT%H:%M:%SZ)
shift 2
sums=$(cd "$(dirname "$1")" && for file in "$@"; do sha256sum "${file##*/}"; done)

source_version() { dpkg-parsechangelog -l "$here/../build/deps/src/$1/debian/changelog" -S Version; }
tool_version() { dpkg-query -W -f '${Version}' "$1"; }

separator=''
# package NAME VERSION LICENCE PURL HOMEPAGE
package() {
    printf '%s\n    { "SPDXID": "SPDXRef-%s", "name": "%s", "versionInfo": "%s", "supplier": "Organization: Debian",\n' \
        "$separator" "$1" "$1" "$2"
    printf '      "downloadLocation": "NOASSERTION", "homepage": "%s", "filesAnalyzed": false,\n' "$5"
    printf '      "licenseConcluded": "%s", "licenseDeclared": "%s", "copyrightText": "NOASSERTION",\n' "$3" "$3"
    printf '      "externalRefs": [ { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "%s" } ] }' "$4"
    separator=','
}

# library NAME LICENCE HOMEPAGE: from Debian's source package, patches and all.
library() { package "$1" "$(source_version "$1")" "$2" "pkg:deb/debian/$1@$(source_version "$1")?arch=source" "$3"; }
# tool NAME LICENCE HOMEPAGE: a package of the machine that built it.
tool() { package "$1" "$(tool_version "$1")" "$2" "pkg:deb/debian/$1@$(tool_version "$1" | sed 's/+/%2B/g')" "$3"; }

# The package itself, with a file entry and checksum for each artifact.
product() {
    printf '    { "SPDXID": "SPDXRef-shmbroker", "name": "shmbroker", "versionInfo": "%s", "downloadLocation": "NOASSERTION",\n' "$version"
    printf '      "filesAnalyzed": false, "licenseConcluded": "MIT", "licenseDeclared": "MIT", "copyrightText": "NOASSERTION" }'
    separator=','
}

artifacts() {
    local sum name comma=''
    while read -r sum name; do
        printf '%s\n    { "SPDXID": "SPDXRef-file-%s", "fileName": "./%s", "licenseConcluded": "MIT", "copyrightText": "NOASSERTION",\n' \
            "$comma" "${name//[^A-Za-z0-9.-]/-}" "$name"
        printf '      "checksums": [ { "algorithm": "SHA256", "checksumValue": "%s" } ] }' "$sum"
        comma=','
    done <<<"$sums"
}

# relation ELEMENT TYPE ELEMENT
relation() {
    printf '%s    { "spdxElementId": "SPDXRef-%s", "relationshipType": "%s", "relatedSpdxElement": "SPDXRef-%s" }' \
        "$separator" "$1" "$2" "$3"
    separator=$',\n'
}

relations() {
    local name
    separator=''
    relation DOCUMENT DESCRIBES shmbroker
    for name in libyaml cjson {mingw-w64-x86-64,mingw-w64-i686}-dev gcc-mingw-w64-{x86-64,i686}-win32; do
        relation shmbroker STATIC_LINK "$name"
    done
    relation cmocka TEST_DEPENDENCY_OF shmbroker
    for name in cmake wixl llvm; do
        relation "$name" BUILD_TOOL_OF shmbroker
    done
    while read -r _ name; do
        relation shmbroker DISTRIBUTION_ARTIFACT "file-${name//[^A-Za-z0-9.-]/-}"
    done <<<"$sums"
}

cat <<EOF
{
  "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "shmbroker-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/shmbroker-$version-$(sha256sum <<<"$sums" | cut -c1-32)",
  "creationInfo": { "created": "$created", "creators": [ "Tool: shmbroker-sbom.sh" ] },
  "packages": [
EOF
product
library libyaml MIT https://github.com/yaml/libyaml
library cjson MIT https://github.com/DaveGamble/cJSON
library cmocka Apache-2.0 https://cmocka.org
tool mingw-w64-x86-64-dev LicenseRef-mingw-w64 https://www.mingw-w64.org
tool mingw-w64-i686-dev LicenseRef-mingw-w64 https://www.mingw-w64.org
tool gcc-mingw-w64-x86-64-win32 "GPL-3.0-or-later WITH GCC-exception-3.1" https://gcc.gnu.org
tool gcc-mingw-w64-i686-win32 "GPL-3.0-or-later WITH GCC-exception-3.1" https://gcc.gnu.org
tool cmake BSD-3-Clause https://cmake.org
tool wixl LGPL-2.1-or-later https://wiki.gnome.org/msitools
tool llvm "Apache-2.0 WITH LLVM-exception" https://llvm.org
printf '\n  ],\n  "files": ['
artifacts
printf '\n  ],\n  "relationships": [\n'
relations
cat <<'EOF'

  ],
  "hasExtractedLicensingInfos": [
    { "licenseId": "LicenseRef-mingw-w64", "name": "mingw-w64 runtime",
      "extractedText": "The permissive licences of the mingw-w64 runtime; NOTICES.txt in the package has their texts." }
  ]
}
EOF
