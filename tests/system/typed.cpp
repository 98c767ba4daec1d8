// shmbroker-typed: a C++ program that uses a region of each kind as shmb.hpp has them, from a broker, in a thread of its own each:
//
//     shmbroker-typed INSTANCE STATE QUEUE STREAM
//
// Each region is declared for 16 bytes. It prints `typed well`, or what was not.
#include "shmb.hpp"

#include <windows.h>

#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace
{

using namespace std::chrono_literals;

struct pose {
    std::uint64_t number;
    double height;
};
struct larger {
    std::array<std::uint64_t, 3> numbers;
};

constexpr std::uint64_t many = 1000;

// std::thread, which mingw's library has in one of its variants only. Its end is awaited by its destructor.
class worker
{
  public:
    explicit worker(std::function<void()> work)
        : work_(std::move(work)), thread_(CreateThread(nullptr, 0, run, this, 0, nullptr))
    {
        if (thread_ == nullptr)
            throw std::runtime_error("no thread can be started");
    }

    worker(const worker &) = delete;
    worker &operator=(const worker &) = delete;

    ~worker()
    {
        WaitForSingleObject(thread_, INFINITE); // the test bounds it
        CloseHandle(thread_);
    }

  private:
    static DWORD WINAPI run(void *given)
    {
        static_cast<worker *>(given)->work_();
        return 0;
    }

    std::function<void()> work_;
    HANDLE thread_;
};

void expect(bool fact, const char *what)
{
    if (!fact)
        throw std::runtime_error(what);
}

template <typename Call> shmb_status status_of(Call call)
{
    try {
        call();
    } catch (const shmb::error &failure) {
        return failure.status();
    }
    return SHMB_OK;
}

shmb::options of(const char *instance, bool write)
{
    shmb::options options;
    options.instance = instance;
    options.write = write;
    options.timeout = 5s;
    return options;
}

shmb::span<const std::byte> bytes_of(const char *text)
{
    return {reinterpret_cast<const std::byte *>(text), std::strlen(text)};
}

template <typename Buffer> shmb::span<std::byte> room_in(Buffer &buffer)
{
    return {buffer.data(), buffer.size()};
}

void use_state(const char *instance, const char *name)
{
    shmb::state<pose> writer(name, of(instance, true));
    const shmb::state<pose> reader(name, of(instance, false));
    expect(!reader.read(), "a state had a value before the first");
    expect(!reader.wait(0, 10ms), "a state was waited for that nobody wrote");
    const worker other([&writer] {
        for (std::uint64_t i = 1; i <= many; i++)
            writer.write({i, static_cast<double>(i) / 2});
    });
    std::uint64_t version = 0;
    while (version < many && reader.wait(version, 10s)) {
        const auto latest = reader.read();
        expect(latest && latest->version > version && latest->value.number == latest->version &&
                   latest->value.height * 2 == static_cast<double>(latest->version),
               "a state's value was not that of its version");
        version = latest->version;
    }
    expect(version == many, "a state's last value was not seen");

    shmb::state_bytes moved = shmb::state_bytes(name, of(instance, true));
    shmb::state_bytes plain(std::move(moved));
    std::array<std::byte, 16> buffer{};
    plain.write(bytes_of("short"));
    expect(plain.largest() == buffer.size() && plain.read(room_in(buffer), &version) == std::size_t{5} &&
               version == many + 1 && std::memcmp(buffer.data(), "short", 5) == 0,
           "a state's bytes were not read back");
    expect(status_of([&] { reader.read(); }) == SHMB_INCOMPATIBLE,
           "a value of another size was taken for one");
    expect(status_of([&] { plain.write(bytes_of("more than sixteen")); }) == SHMB_TOO_LARGE,
           "a value larger than the largest was written");
    expect(status_of([&] { shmb::state<larger>(name, of(instance, false)); }) == SHMB_TOO_LARGE,
           "a type larger than the largest value was taken");
    expect(status_of([&] { shmb::queue_bytes(name, of(instance, false)); }) == SHMB_WRONG_KIND,
           "a state was taken for a queue");
}

void use_queue(const char *instance, const char *name)
{
    shmb::queue<pose> jobs(name, of(instance, false));
    {
        shmb::queue<pose> same(name, of(instance, false));
        const worker other([&same] {
            for (std::uint64_t i = 1; i <= many && same.send({i, 1.5}, 10s);)
                i++;
        });
        for (std::uint64_t i = 1; i <= many; i++) {
            const auto job = jobs.receive(10s);
            expect(job && job->number == i && job->height == 1.5, "a queue's message was not the next one");
        }
    }
    expect(!jobs.receive(10ms), "a queue had one message more");

    shmb::queue_bytes plain(name, of(instance, false));
    {
        const auto given_up = plain.claim(16);
        expect(given_up && given_up->bytes().size() == 16, "a place was not claimed");
    }
    {
        auto place = plain.claim(16);
        expect(place.has_value(), "a place was not claimed");
        shmb::queue_claim moved(std::move(*place));
        std::memcpy(moved.bytes().data(), "in place", 8);
        moved.commit(8);
    }
    {
        const auto taken = plain.take(0ms);
        expect(taken && taken->bytes().size() == 8 && std::memcmp(taken->bytes().begin(), "in place", 8) == 0,
               "what was claimed and given up was not passed over");
    }
    expect(plain.send(bytes_of("short"), 0ms), "there was no room in an empty queue");
    expect(status_of([&] { jobs.receive(0ms); }) == SHMB_INCOMPATIBLE,
           "a message of another size was taken for one");
    std::array<std::byte, 4> small{};
    expect(plain.send(bytes_of("again"), 0ms) &&
               status_of([&] { plain.receive(room_in(small), 0ms); }) == SHMB_TOO_SMALL,
           "a message was received that does not fit");
    std::array<std::byte, 16> buffer{};
    expect(plain.receive(room_in(buffer), 0ms) == std::size_t{5}, "a message that did not fit is gone");
    expect(status_of([&] { plain.send(bytes_of("more than sixteen"), 0ms); }) == SHMB_TOO_LARGE,
           "a message larger than the largest was sent");
}

void use_stream(const char *instance, const char *name)
{
    shmb::stream<pose> producer(name, of(instance, true)), reader(name, of(instance, false));
    std::uint64_t seen = 0;
    for (std::uint64_t i = 1; i <= many; i++)
        producer.write({i, 0.5});
    while (const auto next = reader.read(0ms)) {
        expect(next->number == seen + reader.missed() + 1, "a stream's messages and misses do not add up");
        seen++;
    }
    expect(seen > 0 && reader.missed() > 0 && seen + reader.missed() == many,
           "a stream's messages were not all counted");
    producer.resign();
}

// The same without the type, and the other thread's turn.
void use_stream_bytes(const char *instance, const char *name)
{
    shmb::stream_bytes producer(name, of(instance, true)), reader(name, of(instance, false));
    const shmb::span<std::byte> place = producer.claim(16);
    std::memcpy(place.data(), "in place", 8);
    expect(place.size() == 16, "a claim has not its size");
    producer.commit(8);
    shmb_status busy = SHMB_OK;
    {
        const worker other(
            [&producer, &busy] { busy = status_of([&producer] { producer.write(bytes_of("x")); }); });
    }
    expect(busy == SHMB_BUSY, "there were two producers");
    producer.resign();
    std::array<std::byte, 16> buffer{};
    expect(reader.read(room_in(buffer), 0ms) == std::size_t{8} &&
               std::memcmp(buffer.data(), "in place", 8) == 0,
           "a stream's bytes were not read back");
    expect(!reader.read(room_in(buffer), 10ms), "a stream had one message more");
    reader.join(SHMB_OLDEST);
    expect(reader.read(room_in(buffer), 0ms).has_value(), "the oldest message was not there");
    expect(status_of([&] { shmb::stream_bytes(name, of(instance, false)).write(bytes_of("x")); }) ==
               SHMB_ACCESS_DENIED,
           "who attached for reading wrote");
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 5) {
        std::cout << "usage: shmbroker-typed INSTANCE STATE QUEUE STREAM" << std::endl;
        return 2;
    }
    try {
        use_state(argv[1], argv[2]);
        use_queue(argv[1], argv[3]);
        use_stream(argv[1], argv[4]);
        use_stream_bytes(argv[1], argv[4]);
    } catch (const std::exception &failure) {
        std::cout << failure.what() << std::endl;
        return 1;
    }
    std::cout << "typed well" << std::endl;
    return 0;
}
