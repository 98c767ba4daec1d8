// example-stream: a region of kind stream in C++: one program writes ticks, any number of others read all of them, or are
// told how many they missed.
//
//     example-stream ticks write 1000
//     example-stream ticks read 5
#include "exit_code.h"
#include "shmb.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

namespace
{

struct tick {
    std::uint64_t number;
    double price;
};

void write(shmb::stream<tick> &ticks, std::uint64_t times)
{
    for (std::uint64_t i = 1; i <= times; i++)
        ticks.write({i, 100.0 + static_cast<double>(i % 10)});
    std::cout << "wrote " << times << std::endl;
}

bool read(shmb::stream<tick> &ticks, std::uint64_t times)
{
    std::cout << "reading" << std::endl;
    for (std::uint64_t i = 0; i < times; i++) {
        auto next = ticks.read(std::chrono::seconds(5));
        if (!next) {
            std::cerr << "example-stream: nothing for 5 seconds: is there somebody who writes?\n";
            return false;
        }
        std::cout << "read " << next->number << ": " << next->price << ", missed " << ticks.missed()
                  << std::endl;
    }
    return true;
}

} // namespace

int main(int argc, char **argv)
{
    std::string role = argc >= 3 ? argv[2] : "";
    if (argc > 4 || (role != "write" && role != "read")) {
        std::cerr
            << "usage: example-stream REGION write|read [TIMES]\nWrites ticks, or shows them; 10 if not told "
               "otherwise.\n";
        return EXIT_USAGE;
    }
    try {
        shmb::options options;
        options.write = role == "write";
        shmb::stream<tick> ticks(argv[1], options);
        std::uint64_t times = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 10;
        if (role == "write")
            write(ticks, times);
        else
            return read(ticks, times) ? 0 : EXIT_FAILURE;
        return 0;
    } catch (const shmb::error &failure) {
        std::cerr << "example-stream: " << failure.what() << "\n";
        return exit_code(failure.status());
    }
}
