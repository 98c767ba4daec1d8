/*
 * shmbroker-locker: a program that uses the lock of a region, in a test.
 *
 *     shmbroker-locker INSTANCE REGION read|write STEP…
 *
 * Prints `attached`, or `refused STATUS: why`, then carries out the steps, and prints the name of each that is done, with what
 * it gave:
 *
 *   lock MS        shmb_lock
 *   unlock         shmb_unlock
 *   repair         shmb_lock_consistent
 *   thread         a thread of this process takes the lock and ends with it
 *   count TIMES    so often: takes the lock, counts the region's first 8 bytes up in two steps, gives it back
 *   share MS       takes and gives back for so long, as fast as it can, and prints how often it had it
 *   hide           from here on none but administrators may open this process
 *   hold           prints `holding`, goes on when standard input ends
 */
#include "shmb.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include <windows.h>

#include <sddl.h>

namespace
{

using word = volatile std::uint64_t;

void hold()
{
    char byte;
    DWORD got;
    std::puts("holding");
    std::fflush(stdout);
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, nullptr) && got > 0)
        continue;
}

DWORD WINAPI take(void *region)
{
    return static_cast<DWORD>(shmb_lock(static_cast<shmb_region *>(region), SHMB_INFINITE));
}

DWORD take_in_a_thread(const shmb::region &region)
{
    DWORD status = 0;
    HANDLE thread = CreateThread(nullptr, 0, take, region.get(), 0, nullptr);
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &status);
    CloseHandle(thread);
    return status;
}

void count_up(shmb::mutex &mutex, word &number, std::uint64_t times)
{
    for (std::uint64_t i = 0; i < times; i++) {
        std::unique_lock guard(mutex);
        std::uint64_t seen = number;
        if (mutex.owner_died())
            mutex.consistent();
        number = seen + 1;
    }
}

std::uint64_t share(shmb::mutex &mutex, word &number, std::uint64_t milliseconds)
{
    std::uint64_t times = 0;
    ULONGLONG end = GetTickCount64() + milliseconds;
    while (GetTickCount64() < end) {
        std::scoped_lock guard(mutex);
        number = number + 1;
        times++;
    }
    return times;
}

bool hide()
{
    PSECURITY_DESCRIPTOR descriptor = nullptr;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorA("D:P(A;;GA;;;BA)(A;;GA;;;SY)", SDDL_REVISION_1,
                                                              &descriptor, nullptr))
        return false;
    bool hidden = SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, descriptor) != 0;
    LocalFree(descriptor);
    return hidden;
}

std::uint64_t number_after(char **step)
{
    return step[1] != nullptr ? std::strtoull(step[1], nullptr, 0) : 0;
}

// Those that take a number. False: no such step.
bool act_with(const shmb::region &region, shmb::mutex &mutex, char **step)
{
    std::uint64_t given = number_after(step);
    if (std::strcmp(*step, "lock") == 0) {
        std::printf("lock %d\n", shmb_lock(region.get(), static_cast<std::uint32_t>(given)));
    } else if (std::strcmp(*step, "count") == 0) {
        count_up(mutex, region.as<word>(), given);
        std::puts("count");
    } else if (std::strcmp(*step, "share") == 0) {
        std::printf("share %" PRIu64 "\n", share(mutex, region.as<word>(), given));
    } else {
        return false;
    }
    return true;
}

bool act(const shmb::region &region, const char *step)
{
    if (std::strcmp(step, "unlock") == 0)
        std::printf("unlock %d\n", shmb_unlock(region.get()));
    else if (std::strcmp(step, "repair") == 0)
        std::printf("repair %d\n", shmb_lock_consistent(region.get()));
    else if (std::strcmp(step, "thread") == 0)
        std::printf("thread %lu\n", take_in_a_thread(region));
    else if (std::strcmp(step, "hide") == 0)
        std::puts(hide() ? "hide" : "hide failed");
    else if (std::strcmp(step, "hold") == 0)
        hold();
    else
        return false;
    return true;
}

int run_steps(const shmb::region &region, char **step)
{
    shmb::mutex mutex(region);
    for (; *step != nullptr; step++) {
        if (act_with(region, mutex, step)) {
            step++;
        } else if (!act(region, *step)) {
            std::fprintf(stderr, "no such step: %s\n", *step);
            return 2;
        }
        std::fflush(stdout);
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 5) {
        std::fputs("usage: see locker.cpp\n", stderr);
        return 2;
    }
    try {
        shmb::options options;
        options.instance = argv[1];
        options.write = std::strcmp(argv[3], "write") == 0;
        const shmb::region region(argv[2], options);
        std::puts("attached");
        std::fflush(stdout);
        return run_steps(region, argv + 4);
    } catch (const shmb::error &failure) {
        std::printf("refused %d: %s\n", failure.status(), failure.what());
        return 1;
    }
}
