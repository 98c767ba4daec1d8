// Boost.Interprocess's message_queue and mutex, as programs use them today, behind the bench's calls.
//
// Its shared memory is a file in a folder, under Windows too: SHMBROKER_BENCH_FOLDER names one in memory, else it is the
// folder for temporary files.
#include "boost_rival.h"
#include "channels.h"

extern "C" {
#include "bench.h"
}

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

#define BOOST_INTERPROCESS_SHARED_DIR_FUNC
#include <boost/interprocess/detail/shared_dir_helpers.hpp>

void boost::interprocess::ipcdetail::get_shared_dir(std::string &folder)
{
    const char *wanted = std::getenv("SHMBROKER_BENCH_FOLDER");
    const char *temporary = std::getenv("TEMP");
    folder = wanted ? wanted : temporary ? temporary : ".";
}

#include <boost/interprocess/ipc/message_queue.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>

namespace ipc = boost::interprocess;

namespace
{

struct boost_channel {
    std::string name;
    std::unique_ptr<ipc::message_queue> queue;
};

// What Boost throws ends the measurement, never the program.
template <class Work> auto guarded(const char *what, Work work) -> decltype(work())
{
    char why[256] = "";
    try {
        return work();
    } catch (const std::exception &error) {
        std::snprintf(why, sizeof why, "%s", error.what());
    }
    bench_fail("Boost's message_queue cannot %s: %s", what, why);
}

// message_queue::remove does it by means that Wine lacks.
void remove_file(const std::string &name)
{
    std::string path;
    ipc::ipcdetail::get_shared_dir(path);
    std::remove((path + "\\" + name).c_str());
}

void *boost_open(const char *name, const channel_shape *shape, bool first)
{
    return guarded("be made", [&]() -> void * {
        auto made = std::make_unique<boost_channel>();
        made->name = name;
        if (first) {
            remove_file(name); // what a run that was broken off has left
            made->queue = std::make_unique<ipc::message_queue>(ipc::create_only, name, shape->messages,
                                                               shape->message_size);
        } else {
            made->queue = std::make_unique<ipc::message_queue>(ipc::open_only, name);
        }
        return made.release();
    });
}

void boost_send(void *channel, const void *message, size_t size)
{
    guarded("send", [&] { static_cast<boost_channel *>(channel)->queue->send(message, size, 0); });
}

size_t boost_receive(void *channel, void *message, size_t capacity)
{
    return guarded("receive", [&] {
        ipc::message_queue::size_type got = 0;
        unsigned priority = 0;
        static_cast<boost_channel *>(channel)->queue->receive(message, capacity, got, priority);
        return static_cast<size_t>(got);
    });
}

void boost_close(void *channel)
{
    std::unique_ptr<boost_channel> ended(static_cast<boost_channel *>(channel));
    ended->queue.reset();
    remove_file(ended->name); // the last of the two ends can
}

} // namespace

extern "C" {

extern const channel_kind channel_boost = {"Boost message_queue",
                                           boost_open,
                                           boost_send,
                                           boost_receive,
                                           boost_close,
                                           nullptr,
                                           nullptr,
                                           nullptr,
                                           nullptr};

size_t boost_mutex_bytes(void)
{
    return sizeof(ipc::interprocess_mutex);
}

void boost_mutex_make(void *memory)
{
    new (memory) ipc::interprocess_mutex;
}

void boost_mutex_lock(void *memory)
{
    static_cast<ipc::interprocess_mutex *>(memory)->lock();
}

void boost_mutex_unlock(void *memory)
{
    static_cast<ipc::interprocess_mutex *>(memory)->unlock();
}
}
