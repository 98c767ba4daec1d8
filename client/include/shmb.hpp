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

    bool writable() const noexcept
    {
        return writable_;
    }

    // What shmb.h and its like take. The region's own: do not detach it.
    shmb_region *get() const noexcept
    {
        return region_;
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
        plain.session = options.session;
        plain.message = message;
        plain.message_size = sizeof message;
        shmb_status status = call(plain, &region_);
        if (status != SHMB_OK)
            throw error(status, message);
        writable_ = options.write;
    }

    static std::uint32_t milliseconds(std::chrono::milliseconds timeout) noexcept
    {
        if (timeout.count() <= 0)
            return SHMB_NO_WAIT;
        return timeout >= infinite ? SHMB_INFINITE : static_cast<std::uint32_t>(timeout.count());
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

} // namespace shmb

#endif
