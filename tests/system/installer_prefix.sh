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
for version in "" 98.0.0 99.0.0; do
    "$here/../../installer/package.sh" "$build64" "$build32" "$work/packages" $version
done
"$here/installer_faults.sh" fails-to-start "$work/packages/shmbroker-98.0.0-x64.msi"
for version in 98.0.0 99.0.0; do
    "$here/installer_faults.sh" as-on-windows "$work/packages/shmbroker-$version-x64.msi"
done

unset DISPLAY WAYLAND_DISPLAY
export WINEPREFIX=$work/prefix WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES="mscoree,mshtml="
trap 'wineserver -k || true; wineserver -w' EXIT
wineboot -i >/dev/null 2>&1
wine winecfg /v win10
wineserver -w

# The commands of installer_faults.sh's actions.
mkdir "$WINEPREFIX/drive_c/rollback"
cat >"$WINEPREFIX/drive_c/rollback/keep.cmd" <<'EOF'
@echo off
rmdir /s /q C:\rollback\kept
xcopy /e /i /q /y "C:\Program Files\ShmBroker" C:\rollback\kept\programs
xcopy /e /i /q /y "%AppData%\Microsoft\Windows\Start Menu\Programs" C:\rollback\kept\menu
reg export HKLM\SOFTWARE\ShmBroker C:\rollback\kept\settings.reg /y
reg export "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment" C:\rollback\kept\environment.reg /y
reg export HKLM\SOFTWARE\Classes\Installer\UpgradeCodes C:\rollback\kept\classes.reg /y
reg export HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UpgradeCodes C:\rollback\kept\families.reg /y
EOF
cat >"$WINEPREFIX/drive_c/rollback/bring-back.cmd" <<'EOF'
@echo off
xcopy /c /e /i /q /y C:\rollback\kept\programs "C:\Program Files\ShmBroker"
xcopy /e /i /q /y C:\rollback\kept\menu "%AppData%\Microsoft\Windows\Start Menu\Programs"
for %%f in (C:\rollback\kept\*.reg) do reg import %%f
EOF
SHMBROKER_PACKAGES=$(winepath -w "$work/packages" 2>/dev/null) wine "$program" 2>&1
