#!/usr/bin/env bash
# Adds to a package made by wixl what wixl cannot say (`ifndef var.wixl` in shmbroker.wxs), and takes out of it what is
# random:
#
#   complete.sh PACKAGE VERSION EPOCH PACKAGECODE
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
package=$1
version=$2
epoch=$3
code=$4

sql() {
    msibuild "$package" -q "$1" || {
        echo "complete.sh: msibuild refuses this for $package: $1" >&2
        return 1
    }
}

property() { msiinfo export "$package" Property | tr -d '\r' | sed -n "s/^$1\t//p"; }

# sequence ACTION NUMBER CONDITION
sequence() {
    sql "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Sequence\`, \`Condition\`) VALUES ('$1', $2, '$3')"
}

# custom_action NAME TYPE SOURCE ARGUMENTS
custom_action() {
    sql "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('$1', $2, '$3', '$4')"
}

add_path() {
    sql "CREATE TABLE \`Environment\` (\`Environment\` CHAR(72) NOT NULL, \`Name\` CHAR(255) NOT NULL LOCALIZABLE,
         \`Value\` CHAR(255) LOCALIZABLE, \`Component_\` CHAR(72) NOT NULL PRIMARY KEY \`Environment\`)"
    sql "INSERT INTO \`Environment\` (\`Environment\`, \`Name\`, \`Value\`, \`Component_\`)
         VALUES ('Path', '=-*PATH', '[~];[INSTALLDIR]', 'Broker')"
    sequence RemoveEnvironmentStrings 3300 ''
    sequence WriteEnvironmentStrings 5200 ''
}

# Properties that reach the installer's elevated half.
secure_properties() {
    local names='CONFIG;INSTALLDIR;NEWERVERSION;OLDERVERSION;REMOVEDATA;STARTSERVICE'
    sql "UPDATE \`Property\` SET \`Value\` = '$names' WHERE \`Property\` = 'SecureCustomProperties'"
}

# 8: never advertised; 16: never left out.
add_feature_rules() {
    sql "UPDATE \`Feature\` SET \`Attributes\` = 8"
    sql "UPDATE \`Feature\` SET \`Attributes\` = 24 WHERE \`Feature\` = 'Broker'"
}

# An upgrade has the features that the earlier version had: 1, beside 256 for the least version being included. The
# column is part of the key, which no UPDATE changes.
migrate_features() {
    sql "DELETE FROM \`Upgrade\` WHERE \`ActionProperty\` = 'OLDERVERSION'"
    sql "INSERT INTO \`Upgrade\` (\`UpgradeCode\`, \`VersionMin\`, \`VersionMax\`, \`Attributes\`, \`ActionProperty\`)
         VALUES ('$(property UpgradeCode)', '0.0.0', '$version', $((256 + 1)), 'OLDERVERSION')"
}

# A name that is not of the form 8.3 goes with one that is: `short|long`.
add_short_names() {
    local table key column id name extension number=0
    while read -r table key column; do
        while IFS=$'\t' read -r id name; do
            [[ $name =~ ^([A-Za-z0-9_-]{1,8}(\.[A-Za-z0-9_-]{1,3})?|\.|SourceDir)$ ]] && continue
            extension=${name##*.}
            [ "$extension" != "$name" ] || extension=''
            number=$((number + 1))
            sql "UPDATE \`$table\` SET \`$column\` = '$(printf 'SHMB%04d' $number)${extension:+.${extension:0:3}}|$name'
                 WHERE \`$key\` = '$id'"
        done < <(msiinfo export "$package" "$table" | tr -d '\r' | awk -F '\t' -v OFS='\t' 'NR > 3 { print $1, $3 }')
    done <<<"File File FileName
Directory Directory DefaultDir
Shortcut Shortcut Name"
}

# A service that cannot be made fails the installation.
make_service_vital() {
    sql "UPDATE \`ServiceInstall\` SET \`ErrorControl\` = $((32768 + 1))"
}

# Types: 2 runs a program that is in the package, 18 an installed one; 64: whatever it returns; 1024: later, in its
# turn; 256 with that: when rolling back; 2048: as the installer.
# shellcheck disable=SC2016 # $Broker is the installer's: what is done with that component
add_actions() {
    custom_action CheckConfig $((2 + 1024 + 2048)) Checker 'check --as-service --quiet "[CONFIGFILE]"'
    sequence CheckConfig 1501 'OLDERVERSION AND NOT (STARTSERVICE = "0")'
    local replaced='(Installed OR OLDERVERSION) AND $Broker = 3'
    custom_action StartKept $((18 + 64 + 1024 + 256 + 2048)) shmbroker.exe 'start --kept'
    sequence StartKept 1840 "$replaced"
    custom_action KeepRegions $((18 + 64 + 1024 + 2048)) shmbroker.exe 'stop --keep'
    sequence KeepRegions 1850 "$replaced"
    custom_action KeepRegionsAgain $((18 + 64 + 1024 + 256 + 2048)) shmbroker.exe 'stop --keep'
    sequence KeepRegionsAgain 5910 "$replaced"
    sequence LetGo 1990 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE AND $Broker = 2' # wixl takes a $ out of conditions
    custom_action RestoreService $((18 + 64 + 1024 + 256 + 2048)) shmbroker.exe 'install [EARLIEROPTION]'
    sequence RestoreService 1950 'Installed OR OLDERVERSION'
}

# The version of the file NAME as its resource has it: the product's, but for the keeper's.
version_of() {
    case $1 in
    shmbroker-keeper.exe) sed -n 's/^FILEVERSION \([0-9,]*\)$/\1/p' "$here/../service/keeper/program.rc" | tr , . ;;
    *) echo "$version.0" ;;
    esac
}

# Files with a version resource are told apart by that, not by a hash: an older one on disk is replaced. The keeper's
# is not, as long as its version stays: it runs on while the program is upgraded.
add_file_versions() {
    local id name
    msiinfo export "$package" File | tr -d '\r' |
        awk -F '\t' -v OFS='\t' '$3 ~ /\.(exe|dll)$/ { print $1, $3 }' | while IFS=$'\t' read -r id name; do
        sql "UPDATE \`File\` SET \`Version\` = '$(version_of "$name")', \`Language\` = '1033' WHERE \`File\` = '$id'"
        sql "DELETE FROM \`MsiFileHash\` WHERE \`File_\` = '$id'"
    done
}

# Property 9 is the package code, 12 and 13 the times of making and saving.
set_summary() {
    local folder time
    folder=$(mktemp -d)
    time=$(date -u -d "@$epoch" '+%Y/%m/%d %H:%M:%S')
    msiinfo export "$package" _SummaryInformation |
        awk -F '\t' -v OFS='\t' -v code="{$code}" -v time="$time" \
            '$1 == 9 { $2 = code "\r" } $1 == 12 || $1 == 13 { $2 = time "\r" } { print }' >"$folder/summary.idt"
    TZ=UTC msibuild "$package" -i "$folder/summary.idt"
    rm -r "$folder"
}

add_path
secure_properties
add_feature_rules
migrate_features
make_service_vital
add_actions
add_file_versions
add_short_names
set_summary
