// example-reader-cpp: the reader, with shmb.hpp. The region detaches by itself, and what fails throws.
//
//     example-reader-cpp Telemetry 5
#include "exit_code.h"
#include "readings.h"
#include "shmb.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;

static int print_changes(const shared_readings &shared, unsigned long changes)
{
    const auto patience = 5s;
    auto last = std::chrono::steady_clock::now();
    readings fresh{};
    std::uint64_t seen = 0;
    while (changes > 0) {
        if (copy_readings(&shared, &fresh) && fresh.count != seen) {
            std::cout << "read " << fresh.count << ": " << fresh.values[0] << ' ' << fresh.values[1] << ' '
                      << fresh.values[2] << std::endl;
            seen = fresh.count;
            last = std::chrono::steady_clock::now();
            changes--;
        } else if (std::chrono::steady_clock::now() - last > patience) {
            std::cerr << "example-reader-cpp: nothing was written for 5 s: is a writer running?\n";
            return 1;
        }
        std::this_thread::sleep_for(5ms);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: example-reader-cpp REGION [CHANGES]\nPrints the next changes, 10 if not told "
                     "otherwise.\n";
        return EXIT_USAGE;
    }
    try {
        shmb::options options;
        options.timeout = 5s;
        shmb::region region(argv[1], options);
        return print_changes(region.as<const shared_readings>(),
                             argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10);
    } catch (const shmb::error &failure) {
        std::cerr << "example-reader-cpp: " << failure.what() << '\n';
        return exit_code(failure.status());
    }
}
