@echo off
rem The project's one entry on a Windows host: `dev.cmd help` lists what it does. Needs CMake 3.25, Ninja, vcpkg
rem (VCPKG_ROOT names it) and either Visual Studio's C compiler or mingw-w64's gcc.
setlocal
cd /d "%~dp0"
set "verb=%~1"
if "%verb%"=="" set "verb=help"
for %%v in (build demo test bench campaign reference package clean help) do if /i "%verb%"=="%%v" goto %%v
echo dev: unknown verb '%verb%' 1>&2
call :usage 1>&2
exit /b 2

:help
call :usage
exit /b 0

:usage
echo dev.cmd demo           build, then show the service, a writer and readers at work; needs an elevated prompt
echo dev.cmd test [FILTER]  build and run the tests; FILTER is a regular expression over their names
echo dev.cmd bench [BAR...] measure the bars of tests\bench, or those named, and write build\bench\results.json; needs an elevated prompt
echo dev.cmd campaign [--rounds N] [--seed S] [--only R]  kill broker, keeper, writers and readers, and fail calls of Windows, where S says; needs an elevated prompt
echo dev.cmd reference      write config\REFERENCE.md and the JSON Schemas beside it anew from the code's tables
echo dev.cmd build          build into build\PRESET, programs in build\PRESET\bin
echo dev.cmd package        build for 64 and 32 bit with MSVC, then make the installer (MSI) and the zip in build\package
echo dev.cmd clean          remove build\
echo They need CMake 3.25, Ninja, vcpkg (VCPKG_ROOT names it), and Visual Studio's C compiler or mingw-w64's gcc; package
echo needs Visual Studio and WiX Toolset 3.14. SHMBROKER_SIGN_PKCS12 and its like sign the packages: installer\package.cmake.
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

:bench
call :build_preset
if errorlevel 1 exit /b 1
if not exist build\bench mkdir build\bench
"build\%preset%\bin\shmbroker-bench.exe" --output build\bench\results.json %2 %3 %4 %5 %6 %7 %8 %9
exit /b %errorlevel%

:campaign
call :build_preset
if errorlevel 1 exit /b 1
"build\%preset%\bin\shmbroker-campaign.exe" %2 %3 %4 %5 %6 %7
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

rem The 32-bit build has an environment of its own: Visual Studio's compilers for both have the same name.
:package
if defined SHMBROKER_PRESET if /i not "%SHMBROKER_PRESET%"=="windows-msvc" (
    echo dev: package builds with Visual Studio alone: leave SHMBROKER_PRESET unset 1>&2
    exit /b 1
)
set "SHMBROKER_PRESET=windows-msvc"
setlocal
call :build_preset
if errorlevel 1 exit /b 1
endlocal
setlocal
call :find_visual_studio x86
if errorlevel 1 exit /b 1
if not defined vs (
    echo dev: no Visual Studio with a C compiler was found: install its C++ workload 1>&2
    exit /b 1
)
call :configure_and_build windows-msvc32
if errorlevel 1 exit /b 1
cmake -D BUILD64=build\windows-msvc -D BUILD32=build\windows-msvc32 -D OUTPUT=build\package -P installer\package.cmake
exit /b %errorlevel%

rem Chooses the preset, brings the compiler into the environment, configures and builds.
:build_preset
call :choose_preset
if errorlevel 1 exit /b 1
if not defined VCPKG_ROOT (
    echo dev: VCPKG_ROOT is not set: clone vcpkg, run its bootstrap-vcpkg.bat, and set VCPKG_ROOT to its folder 1>&2
    exit /b 1
)
call :configure_and_build %preset%
exit /b %errorlevel%

:configure_and_build
cmake --preset %1
if errorlevel 1 exit /b 1
cmake --build --preset %1
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

rem The newest Visual Studio's environment for 64-bit programs, or for those of the architecture %1, when there is one.
:find_visual_studio
set "target=%~1"
if not defined target set "target=x64"
set "vswhere=%ProgramFiles(x86)%\Microsoft Visual Studio\Installer\vswhere.exe"
if not exist "%vswhere%" exit /b 0
set "vs="
for /f "usebackq delims=" %%p in (`"%vswhere%" -latest -products * -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64 -property installationPath`) do set "vs=%%p"
if not defined vs exit /b 0
set "vcpkg_before=%VCPKG_ROOT%"
set "host=x64"
if not "%target%"=="x64" set "host=x64_%target%"
call "%vs%\VC\Auxiliary\Build\vcvarsall.bat" %host% >nul
if defined vcpkg_before set "VCPKG_ROOT=%vcpkg_before%"
exit /b 0
