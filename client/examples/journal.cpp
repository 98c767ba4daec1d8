// example-journal: a region that grows: one program appends entries and has the region grow when it is full, others follow,
// without attaching again. Declared with another `max_size`, or with `revoke`, the region becomes another one: then both
// say so and end.
//
//     example-journal Journal append 5000
//     example-journal Journal follow
#include "exit_code.h"
#include "shmb.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

namespace
{

struct entry {
    std::uint64_t number;
    char words[56];
};

// What the region begins with; the entries follow. Zeros are an empty journal.
struct journal {
    std::atomic<std::uint64_t> count; // entries that are whole: an entry is written first, and counted then
    std::uint64_t unused[7];
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "programs share it");
static_assert(sizeof(journal) == 64 && sizeof(entry) == 64, "32-bit programs see the same");

constexpr std::uint64_t size_for(std::uint64_t entries)
{
    return sizeof(journal) + entries * sizeof(entry);
}

entry *entries_of(const shmb::region &region)
{
    return reinterpret_cast<entry *>(region.data() + sizeof(journal));
}

// Twice as large as before, so that it is not asked for at each entry.
void make_room(const shmb::region &region, std::uint64_t entries)
{
    if (size_for(entries) <= region.size())
        return;
    region.grow(std::max(size_for(entries), std::min(region.region_size() * 2, region.max_size())), 5s);
    std::cout << "grown to " << region.region_size() << " bytes" << std::endl;
}

int append(const shmb::region &region, std::uint64_t times)
{
    journal &head = *reinterpret_cast<journal *>(region.data());
    for (std::uint64_t i = 0; i < times && region.current(); i++) {
        const std::uint64_t count = head.count.load(std::memory_order_relaxed);
        make_room(region, count + 1);
        entry &fresh = entries_of(region)[count];
        fresh = {count + 1, "nothing to report"};
        head.count.store(count + 1, std::memory_order_release);
    }
    std::cout << "the journal has " << head.count.load() << " entries in " << region.region_size() << " bytes"
              << std::endl;
    return 0;
}

// A count that does not fit the bytes is not gone by: whoever may write the region can write any.
std::uint64_t whole_entries(const shmb::region &region)
{
    const journal &head = *reinterpret_cast<const journal *>(region.data());
    const std::uint64_t count = head.count.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(count, (region.size() - sizeof(journal)) / sizeof(entry));
}

int follow(const shmb::region &region, std::uint64_t wanted)
{
    std::uint64_t seen = 0;
    std::cout << "following" << std::endl;
    for (auto last = std::chrono::steady_clock::now(); seen < wanted;) {
        const std::uint64_t count = whole_entries(region), before = seen;
        for (; seen < count; seen++)
            if (entries_of(region)[seen].number != seen + 1)
                throw shmb::error(SHMB_CORRUPT, "an entry does not have its number");
        if (seen > before)
            last = std::chrono::steady_clock::now();
        if (seen == wanted || std::chrono::steady_clock::now() - last > 5s)
            break;
        if (region.wait_replaced(5ms)) {
            std::cout << "the region has been replaced: attach again" << std::endl;
            return 0;
        }
    }
    std::cout << "followed " << seen << " entries to " << region.region_size() << " bytes" << std::endl;
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    const std::string role = argc >= 3 ? argv[2] : "";
    if (argc > 4 || (role != "append" && role != "follow")) {
        std::cerr << "usage: example-journal REGION append|follow [ENTRIES]\nAppends so many entries, or "
                     "follows until "
                     "there are so many or nobody appends; 1000 if not told otherwise.\n";
        return EXIT_USAGE;
    }
    try {
        shmb::options options;
        options.write = role == "append";
        options.timeout = 5s;
        options.kind = SHMB_KIND_RAW;
        const shmb::region region(argv[1], options);
        if (region.size() < size_for(1))
            throw shmb::error(SHMB_BAD_RANGE,
                              "the region is too small for one entry; declare it with 64 KiB");
        const std::uint64_t entries = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1000;
        return options.write ? append(region, entries) : follow(region, entries);
    } catch (const shmb::error &failure) {
        std::cerr << "example-journal: " << failure.what() << '\n';
        return exit_code(failure.status());
    }
}
