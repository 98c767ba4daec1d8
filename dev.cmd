@echo off
rem The project's one entry on a Windows host: `dev.cmd help` lists what it does. Needs CMake 3.25, Ninja, vcpkg
rem (VCPKG_ROOT names it) and either Visual Studio's C compiler or mingw-w64's gcc.
setlocal
cd /d "%~dp0"
set "verb=%~1"
if "%verb%"=="" set "verb=help"
for %%v in (build demo test reference clean help) do if /i "%verb%"=="%%v" goto %%v
echo dev: unknown verb '%verb%' 1>&2
call :usage 1>&2
exit /b 2

:help
call :usage
exit /b 0

:usage
echo dev.cmd demo           build, then show the service, a writer and readers at work; needs an elevated prompt
echo dev.cmd test [FILTER]  build and run the tests; FILTER is a regular expression over their names
echo dev.cmd reference      write config\REFERENCE.md and config\shmbroker.schema.json anew from the code's tables
echo dev.cmd build          build into build\PRESET, programs in build\PRESET\bin
echo dev.cmd clean          remove build\
echo They need CMake 3.25, Ninja, vcpkg (VCPKG_ROOT names it), and Visual Studio's C compiler or mingw-w64's gcc.
echo The preset is windows-msvc where Visual Studio's compiler is found, else windows-mingw; SHMBROKER_PRESET overrides it.
exit /b 0

:clean
if exist build rmdir /s /q build
exit /b %errorlevel%

:build
call :build_preset
exit /b %errorlevel%

:demo
call :build_preset
if errorlevel 1 exit /b 1
"build\%preset%\bin\shmbroker-demo.exe"
exit /b %errorlevel%

:reference
call :build_preset
if errorlevel 1 exit /b 1
"build\%preset%\bin\shmbroker-generate.exe" config
exit /b %errorlevel%

:test
call :build_preset
if errorlevel 1 exit /b 1
if "%~2"=="" (ctest --preset %preset%) else (ctest --preset %preset% -R "%~2")
exit /b %errorlevel%

rem Chooses the preset, brings the compiler into the environment, configures and builds.
:build_preset
call :choose_preset
if errorlevel 1 exit /b 1
if not defined VCPKG_ROOT (
    echo dev: VCPKG_ROOT is not set: clone vcpkg, run its bootstrap-vcpkg.bat, and set VCPKG_ROOT to its folder 1>&2
    exit /b 1
)
cmake --preset %preset%
if errorlevel 1 exit /b 1
cmake --build --preset %preset%
exit /b %errorlevel%

:choose_preset
set "preset=%SHMBROKER_PRESET%"
if /i "%preset%"=="windows-mingw" exit /b 0
where /q cl.exe
if errorlevel 1 call :find_visual_studio
where /q cl.exe
if errorlevel 1 goto without_cl
if not defined preset set "preset=windows-msvc"
exit /b 0

:without_cl
if defined preset (
    echo dev: preset %preset% needs Visual Studio's C compiler, which was not found: install the C++ workload 1>&2
    exit /b 1
)
where /q gcc.exe
if errorlevel 1 (
    echo dev: no C compiler: install Visual Studio's C++ workload, or put mingw-w64's gcc on the path 1>&2
    exit /b 1
)
set "preset=windows-mingw"
exit /b 0

rem The newest Visual Studio's environment for 64-bit programs, when there is one.
:find_visual_studio
set "vswhere=%ProgramFiles(x86)%\Microsoft Visual Studio\Installer\vswhere.exe"
if not exist "%vswhere%" exit /b 0
set "vs="
for /f "usebackq delims=" %%p in (`"%vswhere%" -latest -products * -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64 -property installationPath`) do set "vs=%%p"
if not defined vs exit /b 0
set "vcpkg_before=%VCPKG_ROOT%"
call "%vs%\VC\Auxiliary\Build\vcvars64.bat" >nul
if defined vcpkg_before set "VCPKG_ROOT=%vcpkg_before%"
exit /b 0
