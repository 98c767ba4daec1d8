// shmb.hpp: shmb.h for C++17: a region that detaches by itself, and failures as exceptions.
//
//     #include <shmb.hpp>
//
//     shmb::options options;
//     options.write = true;
//     shmb::region region("Telemetry", options);
//     region.as<telemetry>().speed = 42.0;
//
// Header only; link what shmb.h needs. shmb.h explains regions, statuses and threads; all of it holds here.
// Since 0.1.
#ifndef SHMB_HPP
#define SHMB_HPP

#include "shmb.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace shmb
{

// What failed: status() tells the kind, what() the whole sentence (UTF-8).
class error : public std::runtime_error
{
  public:
    error(shmb_status status, const std::string &message)
        : std::runtime_error(message.empty() ? std::string(shmb_status_text(status)) : message),
          status_(status)
    {
    }

    shmb_status status() const noexcept
    {
        return status_;
    }

  private:
    shmb_status status_;
};

// Waits for as long as it takes.
inline constexpr std::chrono::milliseconds infinite{SHMB_INFINITE};

// shmb_attach_options. What is not set: reading, no wait, the whole region, the instance of the environment.
struct options {
    bool write = false;
    std::chrono::milliseconds timeout{0}; // negative counts as 0, more than 49 days as infinite
    std::uint64_t offset = 0;
    std::uint64_t length = 0; // 0: to the end of the region
    const char *instance = nullptr;
    bool without_broker = false; // SHMB_ATTACH_WITHOUT_BROKER
    std::uint32_t kind = 0;      // SHMB_KIND_…: what the region must be; 0: any
    std::uint32_t session =
        0; // whose instance, of a region that each session has for itself; 0: the own one's
};

// A few values of one type in a row. It does not keep the region attached.
template <typename T> class span
{
  public:
    span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    T *data() const noexcept
    {
        return data_;
    }

    std::size_t size() const noexcept
    {
        return size_;
    }

    T *begin() const noexcept
    {
        return data_;
    }

    T *end() const noexcept
    {
        return data_ + size_;
    }

    T &operator[](std::size_t index) const noexcept
    {
        return data_[index];
    }

    // Checked.
    T &at(std::size_t index) const
    {
        if (index >= size_)
            throw std::out_of_range("shmb::span::at: the index is past the end");
        return data_[index];
    }

  private:
    T *data_;
    std::size_t size_;
};

// A view of a region. It can be moved, not copied; a region that was moved from is empty: no data, size 0.
class region
{
  public:
    region() noexcept = default;

    // shmb_attach.
    explicit region(const char *name, const shmb::options &options = {})
    {
        attach(options, [name](const shmb_attach_options &plain, shmb_region **place) {
            return shmb_attach(name, &plain, place);
        });
    }

    explicit region(const std::string &name, const shmb::options &options = {})
        : region(name.c_str(), options)
    {
    }

    // shmb_attach_handle.
    region(void *section, std::uint64_t region_size, const shmb::options &options = {})
    {
        attach(options, [section, region_size](const shmb_attach_options &plain, shmb_region **place) {
            return shmb_attach_handle(section, region_size, &plain, place);
        });
    }

    region(region &&other) noexcept
        : region_(std::exchange(other.region_, nullptr)), writable_(std::exchange(other.writable_, false))
    {
    }

    region &operator=(region &&other) noexcept
    {
        region moved(std::move(other));
        swap(moved);
        return *this;
    }

    region(const region &) = delete;
    region &operator=(const region &) = delete;

    ~region()
    {
        shmb_detach(region_);
    }

    void swap(region &other) noexcept
    {
        std::swap(region_, other.region_);
        std::swap(writable_, other.writable_);
    }

    explicit operator bool() const noexcept
    {
        return region_ != nullptr;
    }

    // The view's bytes. Writing to them when the region was attached for reading is an access violation.
    std::byte *data() const noexcept
    {
        return static_cast<std::byte *>(shmb_data(region_));
    }

    std::size_t size() const noexcept
    {
        return static_cast<std::size_t>(shmb_size(region_));
    }

    // SHMB_FLAG_…: how the broker made the region. 0 when it is empty.
    std::uint32_t flags() const noexcept
    {
        return shmb_region_flags(region_);
    }

    // When the snapshot was taken that it began with: seconds since 1970-01-01 UTC, or 0.
    std::uint64_t restored() const noexcept
    {
        return shmb_region_restored(region_);
    }

    // What was asked for it and not given, and why; "" when all was. Good as long as the region is attached.
    const char *note() const noexcept
    {
        return shmb_region_note(region_);
    }

    // The region's bytes as they are now, and as many as it can grow to; size() is the view's.
    std::uint64_t region_size() const noexcept
    {
        return shmb_region_size(region_);
    }

    std::uint64_t max_size() const noexcept
    {
        return shmb_region_max_size(region_);
    }

    // shmb_grow: for everybody who has it open. data() stays, size() becomes more.
    void grow(std::uint64_t size, std::chrono::milliseconds timeout = infinite) const
    {
        char message[1024] = "";
        shmb_status status = shmb_grow(region_, size, milliseconds(timeout), message, sizeof message);
        if (status != SHMB_OK)
            throw error(status, message);
    }

    // shmb_current: whether the broker still serves what this is a view of.
    bool current() const noexcept
    {
        return shmb_current(region_) != 0;
    }

    // shmb_wait_replaced: until current() is false; false when the time has passed before.
    bool wait_replaced(std::chrono::milliseconds timeout = infinite) const
    {
        return check(shmb_wait_replaced(region_, milliseconds(timeout)), SHMB_TIMED_OUT);
    }

    bool writable() const noexcept
    {
        return writable_;
    }

    // What shmb.h and its like take. The region's own: do not detach it.
    shmb_region *get() const noexcept
    {
        return region_;
    }

    // shmb_notify: the bytes have changed.
    void notify() const
    {
        check(shmb_notify(region_));
    }

    // shmb_notified.
    std::uint64_t notified() const noexcept
    {
        return shmb_notified(region_);
    }

    // shmb_wait: false when the time has passed without a notification after the `seen`-th.
    bool wait(std::uint64_t seen, std::chrono::milliseconds timeout = infinite) const
    {
        return check(shmb_wait(region_, seen, milliseconds(timeout)), SHMB_TIMED_OUT);
    }

    // The section's HANDLE, the region's own.
    void *handle() const noexcept
    {
        return shmb_handle(region_);
    }

    // The bytes from `offset` on as a T. Throws unless all of the T is in the view, aligned, and, when T is
    // not const, attached for writing.
    template <typename T> T &as(std::size_t offset = 0) const
    {
        return *values<T>(offset, 1);
    }

    // The same for `count` of them.
    template <typename T> span<T> array(std::size_t count, std::size_t offset = 0) const
    {
        return {values<T>(offset, count), count};
    }

    // Throws unless it is SHMB_OK, or `other`. True: SHMB_OK.
    bool check(shmb_status status, shmb_status other = SHMB_OK) const
    {
        if (status == SHMB_OK || status == other)
            return status == SHMB_OK;
        char found[256] = "";
        if (status == SHMB_CORRUPT)
            shmb_corruption(region_, found, sizeof found);
        throw error(status, found);
    }

    // A timeout as shmb.h takes it: negative counts as 0, more than 49 days as infinite.
    static std::uint32_t milliseconds(std::chrono::milliseconds timeout) noexcept
    {
        if (timeout.count() <= 0)
            return SHMB_NO_WAIT;
        return timeout >= infinite ? SHMB_INFINITE : static_cast<std::uint32_t>(timeout.count());
    }

  private:
    template <typename Call> void attach(const shmb::options &options, Call call)
    {
        char message[1024] = "";
        shmb_attach_options plain{};
        plain.struct_size = sizeof plain;
        plain.access = options.write ? SHMB_ACCESS_WRITE : SHMB_ACCESS_READ;
        plain.timeout_ms = milliseconds(options.timeout);
        plain.flags = options.without_broker ? SHMB_ATTACH_WITHOUT_BROKER : 0u;
        plain.offset = options.offset;
        plain.length = options.length;
        plain.instance = options.instance;
        plain.kind = options.kind;
        plain.session = options.session;
        plain.message = message;
        plain.message_size = sizeof message;
        shmb_status status = call(plain, &region_);
        if (status != SHMB_OK)
            throw error(status, message);
        writable_ = options.write;
    }

    template <typename T> T *values(std::size_t offset, std::size_t count) const
    {
        static_assert(std::is_trivially_copyable_v<T>, "only plain data can live in shared memory");
        if (!std::is_const_v<T> && !writable_)
            throw error(SHMB_INVALID_ARGUMENT,
                        "the region is attached for reading: ask for a const type, or attach "
                        "with options.write");
        if (offset > size() || count > (size() - offset) / sizeof(T))
            throw error(SHMB_BAD_RANGE, "the type does not fit between that offset and the end of the view");
        std::byte *place = data() + offset;
        if (reinterpret_cast<std::uintptr_t>(place) % alignof(T) != 0)
            throw error(SHMB_BAD_RANGE, "the offset is not aligned as the type needs");
        return reinterpret_cast<T *>(place);
    }

    shmb_region *region_ = nullptr;
    bool writable_ = false;
};

// The lock beside a region (shmb_lock.h), as std::unique_lock and std::scoped_lock take one:
//
//     shmb::mutex mutex(region);
//     std::unique_lock hold(mutex);
//     if (mutex.owner_died()) {
//         repair(region.as<account>());
//         mutex.consistent();
//     }
//
// It refers to the region, which must stay attached. Any number may refer to one, of any threads.
class mutex
{
  public:
    explicit mutex(const region &region) noexcept : region_(region.get()) {}

    mutex(const mutex &) = delete;
    mutex &operator=(const mutex &) = delete;

    // Waits as long as it takes. Throws what shmb_lock fails with, such as SHMB_DEADLOCK.
    void lock()
    {
        (void)take(SHMB_INFINITE);
    }

    bool try_lock()
    {
        return take(SHMB_NO_WAIT);
    }

    // False when the time has passed. Less than a millisecond counts as one.
    template <typename Rep, typename Period> bool try_lock_for(std::chrono::duration<Rep, Period> time)
    {
        auto whole = std::chrono::ceil<std::chrono::milliseconds>(time);
        if (whole.count() <= 0)
            return take(SHMB_NO_WAIT);
        return take(whole >= infinite ? SHMB_INFINITE : static_cast<std::uint32_t>(whole.count()));
    }

    // Does nothing when the thread does not hold it.
    void unlock() noexcept
    {
        (void)shmb_unlock(region_);
    }

    // For the holder: whether one before it died, and the data may be half written.
    bool owner_died() const noexcept
    {
        return owner_died_;
    }

    // For the holder: the data is whole again.
    void consistent()
    {
        shmb_status status = shmb_lock_consistent(region_);
        if (status != SHMB_OK)
            throw error(status, "");
        owner_died_ = false;
    }

  private:
    bool take(std::uint32_t timeout_ms)
    {
        shmb_status status = shmb_lock(region_, timeout_ms);
        if (status == SHMB_TIMED_OUT)
            return false;
        if (status != SHMB_OK && status != SHMB_OWNER_DIED)
            throw error(status, "");
        owner_died_ = status == SHMB_OWNER_DIED; // written and read by the holder alone
        return true;
    }

    shmb_region *region_;
    bool owner_died_ = false;
};

// A region of kind state with values of any size: see shmb_state.h. It can be moved, not copied.
class state_bytes
{
  public:
    explicit state_bytes(const char *name, shmb::options options = {}) : region_(name, of_kind(options)) {}

    void write(span<const std::byte> value)
    {
        region_.check(shmb_state_write(region_.get(), value.data(), value.size()));
    }

    // How many bytes of `buffer` the latest value has filled; nothing when there is none yet. Throws SHMB_TOO_SMALL when it
    // does not fit: largest() bytes are always enough.
    std::optional<std::size_t> read(span<std::byte> buffer, std::uint64_t *version = nullptr) const
    {
        std::uint64_t size = 0;
        shmb_status status = shmb_state_read(region_.get(), buffer.data(), buffer.size(), &size, version);
        if (!region_.check(status, SHMB_TIMED_OUT))
            return std::nullopt;
        return static_cast<std::size_t>(size);
    }

    // Until the latest value is another than that of `version`; false when the time has passed.
    bool wait(std::uint64_t version, std::chrono::milliseconds timeout = infinite) const
    {
        return region_.check(shmb_state_wait(region_.get(), version, region::milliseconds(timeout)),
                             SHMB_TIMED_OUT);
    }

    std::size_t largest() const noexcept
    {
        return static_cast<std::size_t>(shmb_region_item_size(region_.get()));
    }

  private:
    static const shmb::options &of_kind(shmb::options &options) noexcept
    {
        options.kind = SHMB_KIND_STATE;
        return options;
    }

    region region_;
};

// A region of kind state whose values are all of one type:
//
//     shmb::state<pose> where("pose", writing);
//     where.write({1.0, 2.0});
//     if (auto latest = where.read())
//         show(latest->value);
template <typename T> class state
{
    static_assert(std::is_trivially_copyable_v<T>, "only plain data can live in shared memory");
    static_assert(std::is_default_constructible_v<T>, "a value is read into one that was there before");

  public:
    struct reading {
        T value;
        std::uint64_t version;
    };

    // Throws SHMB_TOO_LARGE when the region is declared for less than a T.
    explicit state(const char *name, const shmb::options &options = {}) : bytes_(name, options)
    {
        if (sizeof(T) > bytes_.largest())
            throw error(SHMB_TOO_LARGE, "the region is declared for smaller values than this type");
    }

    void write(const T &value)
    {
        bytes_.write({reinterpret_cast<const std::byte *>(&value), sizeof value});
    }

    // The latest value; nothing when there is none yet. Throws SHMB_INCOMPATIBLE when it has not the size of a T.
    std::optional<reading> read() const
    {
        reading latest{};
        std::optional<std::size_t> size =
            bytes_.read({reinterpret_cast<std::byte *>(&latest.value), sizeof latest.value}, &latest.version);
        if (!size)
            return std::nullopt;
        if (*size != sizeof(T))
            throw error(SHMB_INCOMPATIBLE, "the value has another size than this type");
        return latest;
    }

    // Until the latest value is another than that of `version`; false when the time has passed.
    bool wait(std::uint64_t version, std::chrono::milliseconds timeout = infinite) const
    {
        return bytes_.wait(version, timeout);
    }

  private:
    state_bytes bytes_;
};

// A region of kind stream, as its producer or as one reader: see shmb_stream.h. Copyable it is not; two readers are two of
// them. It begins with what is published from now on.
class stream_bytes
{
  public:
    explicit stream_bytes(const char *name, shmb::options options = {}) : region_(name, of_kind(options))
    {
        join(SHMB_NEWEST);
    }

    void write(span<const std::byte> message)
    {
        region_.check(shmb_stream_write(region_.get(), message.data(), message.size()));
    }

    // Where to put a message of up to `size` bytes; commit() publishes it.
    span<std::byte> claim(std::size_t size)
    {
        void *place = nullptr;
        region_.check(shmb_stream_claim(region_.get(), size, &place));
        return {static_cast<std::byte *>(place), size};
    }

    void commit(std::size_t size)
    {
        region_.check(shmb_stream_commit(region_.get(), size));
    }

    void resign()
    {
        region_.check(shmb_stream_resign(region_.get()));
    }

    // SHMB_NEWEST: what is published from now on. SHMB_OLDEST: the oldest message that is still there.
    void join(std::uint32_t where)
    {
        region_.check(shmb_stream_join(region_.get(), where, &cursor_));
    }

    // How many bytes of `buffer` the next message has filled; nothing when the time has passed. Throws SHMB_TOO_SMALL when it
    // does not fit: largest() bytes are always enough.
    std::optional<std::size_t> read(span<std::byte> buffer, std::chrono::milliseconds timeout = infinite)
    {
        std::uint64_t size = 0, missed = 0;
        shmb_status status = shmb_stream_read(region_.get(), &cursor_, buffer.data(), buffer.size(), &size,
                                              &missed, region::milliseconds(timeout));
        missed_ += missed;
        if (!region_.check(status, SHMB_TIMED_OUT))
            return std::nullopt;
        return static_cast<std::size_t>(size);
    }

    // Messages that were written over before they were read, since the beginning.
    std::uint64_t missed() const noexcept
    {
        return missed_;
    }

    std::size_t largest() const noexcept
    {
        return static_cast<std::size_t>(shmb_region_item_size(region_.get()));
    }

  private:
    static const shmb::options &of_kind(shmb::options &options) noexcept
    {
        options.kind = SHMB_KIND_STREAM;
        return options;
    }

    region region_;
    std::uint64_t cursor_ = 0;
    std::uint64_t missed_ = 0;
};

// A region of kind stream whose messages are all of one type:
//
//     shmb::stream<tick> ticks("ticks");
//     while (auto next = ticks.read(std::chrono::seconds(5)))
//         handle(*next);
template <typename T> class stream
{
    static_assert(std::is_trivially_copyable_v<T>, "only plain data can live in shared memory");
    static_assert(std::is_default_constructible_v<T>, "a message is read into one that was there before");

  public:
    // Throws SHMB_TOO_LARGE when the region is declared for less than a T.
    explicit stream(const char *name, const shmb::options &options = {}) : bytes_(name, options)
    {
        if (sizeof(T) > bytes_.largest())
            throw error(SHMB_TOO_LARGE, "the region is declared for smaller messages than this type");
    }

    void write(const T &message)
    {
        bytes_.write({reinterpret_cast<const std::byte *>(&message), sizeof message});
    }

    void resign()
    {
        bytes_.resign();
    }

    void join(std::uint32_t where)
    {
        bytes_.join(where);
    }

    // The next message; nothing when the time has passed. Throws SHMB_INCOMPATIBLE when it has not the size of a T.
    std::optional<T> read(std::chrono::milliseconds timeout = infinite)
    {
        T message{};
        std::optional<std::size_t> size =
            bytes_.read({reinterpret_cast<std::byte *>(&message), sizeof message}, timeout);
        if (!size)
            return std::nullopt;
        if (*size != sizeof(T))
            throw error(SHMB_INCOMPATIBLE, "the message has another size than this type");
        return message;
    }

    std::uint64_t missed() const noexcept
    {
        return bytes_.missed();
    }

  private:
    stream_bytes bytes_;
};

// A place in a queue that is being filled in: commit() sends it, otherwise its end gives it up.
class queue_claim
{
  public:
    queue_claim(shmb_region *region, const shmb_queue_message &message) noexcept
        : region_(region), message_(message)
    {
    }

    queue_claim(queue_claim &&other) noexcept
        : region_(other.region_), message_(std::exchange(other.message_, shmb_queue_message{}))
    {
    }

    queue_claim &operator=(queue_claim &&) = delete;

    ~queue_claim()
    {
        if (message_.token != 0)
            shmb_queue_cancel(region_, &message_);
    }

    span<std::byte> bytes() const noexcept
    {
        return {static_cast<std::byte *>(message_.bytes), message_.size};
    }

    // Sends its first `size` bytes. It is empty afterwards.
    void commit(std::size_t size)
    {
        message_.size = size < UINT32_MAX ? static_cast<std::uint32_t>(size) : UINT32_MAX;
        shmb_status status = shmb_queue_commit(region_, &message_);
        if (status != SHMB_OK)
            throw error(status, "");
    }

  private:
    shmb_region *region_;
    shmb_queue_message message_;
};

// A message that was taken out of a queue and is read in its place, which its end gives free.
class queue_taken
{
  public:
    queue_taken(shmb_region *region, const shmb_queue_message &message) noexcept
        : region_(region), message_(message)
    {
    }

    queue_taken(queue_taken &&other) noexcept
        : region_(other.region_), message_(std::exchange(other.message_, shmb_queue_message{}))
    {
    }

    queue_taken &operator=(queue_taken &&) = delete;

    ~queue_taken()
    {
        if (message_.token != 0)
            shmb_queue_release(region_, &message_);
    }

    span<const std::byte> bytes() const noexcept
    {
        return {static_cast<const std::byte *>(message_.bytes), message_.size};
    }

  private:
    shmb_region *region_;
    shmb_queue_message message_;
};

// A region of kind queue with messages of any size: see shmb_queue.h. It is attached for writing, which sending and
// receiving need. Nothing, or false, is what a function gives when the time has passed.
class queue_bytes
{
  public:
    explicit queue_bytes(const char *name, shmb::options options = {}) : region_(name, of_kind(options)) {}

    bool send(span<const std::byte> message, std::chrono::milliseconds timeout = infinite)
    {
        return region_.check(shmb_queue_send(region_.get(), message.data(), length(message.size()),
                                             region::milliseconds(timeout)),
                             SHMB_TIMED_OUT);
    }

    // How many bytes of `buffer` the next message has filled. Throws SHMB_TOO_SMALL when it does not fit, and the message
    // stays: largest() bytes are always enough.
    std::optional<std::size_t> receive(span<std::byte> buffer, std::chrono::milliseconds timeout = infinite)
    {
        std::uint32_t size = 0;
        shmb_status status = shmb_queue_receive(region_.get(), buffer.data(), length(buffer.size()), &size,
                                                region::milliseconds(timeout));
        if (!region_.check(status, SHMB_TIMED_OUT))
            return std::nullopt;
        return size;
    }

    std::optional<queue_claim> claim(std::size_t size, std::chrono::milliseconds timeout = infinite)
    {
        shmb_queue_message message{};
        message.struct_size = sizeof message;
        shmb_status status =
            shmb_queue_claim(region_.get(), length(size), region::milliseconds(timeout), &message);
        if (!region_.check(status, SHMB_TIMED_OUT))
            return std::nullopt;
        return queue_claim(region_.get(), message);
    }

    std::optional<queue_taken> take(std::chrono::milliseconds timeout = infinite)
    {
        shmb_queue_message message{};
        message.struct_size = sizeof message;
        shmb_status status = shmb_queue_take(region_.get(), region::milliseconds(timeout), &message);
        if (!region_.check(status, SHMB_TIMED_OUT))
            return std::nullopt;
        return queue_taken(region_.get(), message);
    }

    std::size_t largest() const noexcept
    {
        return static_cast<std::size_t>(shmb_region_item_size(region_.get()));
    }

  private:
    static const shmb::options &of_kind(shmb::options &options) noexcept
    {
        options.kind = SHMB_KIND_QUEUE;
        options.write = true;
        return options;
    }

    // What is larger than any message stays so.
    static std::uint32_t length(std::size_t size) noexcept
    {
        return size < UINT32_MAX ? static_cast<std::uint32_t>(size) : UINT32_MAX;
    }

    region region_;
};

// A region of kind queue whose messages are all of one type:
//
//     shmb::queue<job> jobs("Jobs");
//     jobs.send({42, 1.5});
//     while (auto next = jobs.receive(std::chrono::seconds(5)))
//         handle(*next);
template <typename T> class queue
{
    static_assert(std::is_trivially_copyable_v<T>, "only plain data can live in shared memory");
    static_assert(std::is_default_constructible_v<T>, "a message is received into one that was there before");

  public:
    // Throws SHMB_TOO_LARGE when the region is declared for less than a T.
    explicit queue(const char *name, const shmb::options &options = {}) : bytes_(name, options)
    {
        if (sizeof(T) > bytes_.largest())
            throw error(SHMB_TOO_LARGE, "the region is declared for smaller messages than this type");
    }

    // False when there was no room in time.
    bool send(const T &message, std::chrono::milliseconds timeout = infinite)
    {
        return bytes_.send({reinterpret_cast<const std::byte *>(&message), sizeof message}, timeout);
    }

    // The next message; nothing when the time has passed. Throws SHMB_INCOMPATIBLE when it has not the size of a T.
    std::optional<T> receive(std::chrono::milliseconds timeout = infinite)
    {
        T message{};
        std::optional<std::size_t> size =
            bytes_.receive({reinterpret_cast<std::byte *>(&message), sizeof message}, timeout);
        if (!size)
            return std::nullopt;
        if (*size != sizeof(T))
            throw error(SHMB_INCOMPATIBLE, "the message has another size than this type");
        return message;
    }

  private:
    queue_bytes bytes_;
};

} // namespace shmb

#endif
