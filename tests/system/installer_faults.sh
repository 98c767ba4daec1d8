#!/usr/bin/env bash
# Changes packages for the installer's test:
#
#   installer_faults.sh fails-to-start MSI     its service reads a configuration that does not exist
#   installer_faults.sh as-on-windows MSI      for Wine: what a rollback brings back on Windows comes back
#
# Wine's msiexec keeps no copy of what it replaces and starts no service again; when rolling back it removes what it has
# installed. And when it removes the earlier version after an upgrade it forgets that the new one is of the same family
# (it deletes the key with both). With as-on-windows the package does for an upgrade what Windows Installer does there:
# before files are replaced it copies them, what it writes to the registry and the Start menu; when it is rolled back it
# brings that back; in the end it is known by its upgrade code. All else, and all that the product's own package does,
# such as starting the service that it has stopped itself, is as it is.
set -euo pipefail

change=$1
msi=$2

sql() { msibuild "$msi" -q "$1"; }

# How the registry spells the GUID that is the package's property $1.
packed() {
    local guid
    guid=$(msiinfo export "$msi" Property | tr -d '\r{}-' | sed -n "s/^$1\t//p")
    rev <<<"${guid:0:8}" | tr -d '\n'
    rev <<<"${guid:8:4}" | tr -d '\n'
    rev <<<"${guid:12:4}" | tr -d '\n'
    fold -w 2 <<<"${guid:16}" | rev | tr -d '\n'
}

# action NAME TYPE SOURCE TARGET NUMBER: a custom action of an upgrade. Types as in installer/complete.sh; 34 is a
# command line.
action() {
    sql "INSERT INTO \`CustomAction\` (\`Action\`, \`Type\`, \`Source\`, \`Target\`) VALUES ('$1', $2, '$3', '$4')"
    sql "INSERT INTO \`InstallExecuteSequence\` (\`Action\`, \`Condition\`, \`Sequence\`) VALUES ('$1', 'OLDERVERSION', $5)"
}

case $change in
fails-to-start)
    sql "UPDATE \`CustomAction\` SET \`Target\` = 'install --config \"C:\\not there\\shmbroker.yaml\"'
         WHERE \`Action\` = 'ConfigureService'"
    ;;
as-on-windows)
    # Rolled back in the opposite order: the files, then the product's RestoreService at 1950 and StartKept at 1840.
    action BringBack $((34 + 1024 + 256 + 2048)) TARGETDIR '[System64Folder]cmd.exe /c C:\rollback\bring-back.cmd' 1960
    action Keep $((34 + 1024 + 2048)) TARGETDIR '[System64Folder]cmd.exe /c C:\rollback\keep.cmd' 1970
    families='HKLM\Software\Microsoft\Windows\CurrentVersion\Installer\UpgradeCodes'
    action Register $((34 + 1024 + 2048)) TARGETDIR \
        "[System64Folder]reg.exe add $families\\$(packed UpgradeCode) /v $(packed ProductCode) /f" 6560
    ;;
esac
