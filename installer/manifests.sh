#!/usr/bin/env bash
# Fills in the manifests for winget and Chocolatey from a package that package.sh made:
#
#   manifests.sh PACKAGES URL OUTPUT
#
# PACKAGES is the folder with the MSI, URL the address of the folder that people will download it from (the project's own,
# with /releases/download/TAG behind it), OUTPUT the folder that gets winget/ (for a pull request to its repository) and
# chocolatey/ (for `choco pack`).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
packages=$1
url=${2%/}
output=$3

msis=("$packages"/shmbroker-*-x64.msi)
if [ ${#msis[@]} -ne 1 ] || [ ! -e "${msis[0]}" ]; then
    echo "manifests.sh: $packages must have one shmbroker-VERSION-x64.msi: remove build/package, then ./dev package" >&2
    exit 1
fi
msi=${msis[0]}
property() { msiinfo export "$msi" Property | tr -d '\r' | sed -n "s/^$1\t//p"; }
hash=$(sha256sum "$msi" | cut -d ' ' -f 1)

find "$here/winget" "$here/chocolatey" -name '*.in' | while read -r template; do
    file=$output/${template#"$here"/}
    file=${file%.in}
    mkdir -p "$(dirname "$file")"
    sed -e "s|@VERSION@|$(property ProductVersion)|g" -e "s|@URL@|$url|g" \
        -e "s|@PROJECT_URL@|${url%/releases/download/*}|g" -e "s|@MSI_SHA256@|${hash^^}|g" \
        -e "s|@PRODUCT_CODE@|$(property ProductCode)|g" -e "s|@UPGRADE_CODE@|$(property UpgradeCode)|g" \
        "$template" >"$file"
done
