// example-consumer-cpp: example-consumer in C++. A job is read in its place, and its place is given free when `job` ends.
//
//     example-consumer-cpp Jobs 20
#include "exit_code.h"
#include "shmb.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace
{

int do_jobs(const char *name, unsigned long long times)
{
    shmb::queue_bytes jobs(name);
    for (unsigned long long i = 0; i < times; i++) {
        auto job = jobs.take(std::chrono::seconds(5));
        if (!job) {
            std::fprintf(stderr,
                         "example-consumer-cpp: no job for 5 seconds; is example-producer running?\n");
            return exit_code(SHMB_TIMED_OUT);
        }
        std::printf("did %.*s\n", static_cast<int>(job->bytes().size()),
                    reinterpret_cast<const char *>(job->bytes().data()));
        std::fflush(stdout);
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        std::fprintf(stderr,
                     "usage: example-consumer-cpp QUEUE [TIMES]\nReceives 10 jobs if not told otherwise.\n");
        return EXIT_USAGE;
    }
    try {
        return do_jobs(argv[1], argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10);
    } catch (const shmb::error &failure) {
        std::fprintf(stderr, "example-consumer-cpp: %s\n", failure.what());
        return exit_code(failure.status());
    }
}
