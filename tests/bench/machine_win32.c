/* The machine and its clock, as Windows tells them. See bench.h. */
#include "bench.h"

#include <windows.h>

#include <stdio.h>

typedef const char *(*wine_version_function)(void);
typedef void (*any_function)(void); /* what compilers let one convert to any other */

static void describe_system(char *system, size_t size)
{
    HKEY key;
    char build[32] = "?";
    DWORD bytes = sizeof build - 1;
    wine_version_function wine = (wine_version_function)(any_function)GetProcAddress(
        GetModuleHandleW(L"ntdll.dll"), "wine_get_version");
    if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", 0, KEY_READ,
                      &key) == ERROR_SUCCESS) {
        RegQueryValueExA(key, "CurrentBuildNumber", NULL, NULL, (BYTE *)build, &bytes);
        RegCloseKey(key);
    }
    snprintf(system, size, "Windows build %s%s%s", build, wine ? " under Wine " : "", wine ? wine() : "");
}

static void describe_processor(char *processor, size_t size)
{
    HKEY key;
    DWORD bytes = (DWORD)size - 1;
    snprintf(processor, size, "unknown processor");
    if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, "HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0", 0, KEY_READ,
                      &key) != ERROR_SUCCESS)
        return;
    RegQueryValueExA(key, "ProcessorNameString", NULL, NULL, (BYTE *)processor, &bytes);
    RegCloseKey(key);
}

void bench_machine_describe(bench_machine *machine)
{
    SYSTEM_INFO system;
    MEMORYSTATUSEX memory = {.dwLength = sizeof memory};
    GetSystemInfo(&system);
    GlobalMemoryStatusEx(&memory);
    describe_system(machine->system, sizeof machine->system);
    describe_processor(machine->processor, sizeof machine->processor);
    machine->processors = (unsigned)system.dwNumberOfProcessors;
    machine->memory = memory.ullTotalPhys;
}

double bench_seconds(void)
{
    LARGE_INTEGER now, frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    return (double)now.QuadPart / (double)frequency.QuadPart;
}
