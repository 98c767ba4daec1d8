// shmb.hpp against sections of this process, through the DLL.
#include "shmb.hpp"

#include "own_handles_win32.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
extern "C" {
#include <cmocka.h>
}

#include <mutex>
#include <string>

template class shmb::queue<std::uint64_t>;

namespace
{

struct sample {
    std::uint32_t number;
    float value;
};

HANDLE make_section()
{
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 4096, nullptr);
    assert_non_null(section);
    return section;
}

shmb::options for_writing()
{
    shmb::options options;
    options.write = true;
    return options;
}

template <typename Call> shmb_status status_of(Call call)
{
    try {
        call();
    } catch (const shmb::error &failure) {
        assert_true(std::string(failure.what()).size() > 0);
        return failure.status();
    }
    return SHMB_OK;
}

void a_region_is_typed_and_checked(void **)
{
    HANDLE section = make_section();
    shmb::region region(section, 4096, for_writing());
    assert_int_equal(region.size(), 4096);
    assert_true(region.writable());
    assert_int_equal(region.flags(), 0);
    assert_string_equal(region.note(), "");
    region.as<sample>(8) = {42, 0.5F};
    const shmb::region reader(section, 4096);
    assert_int_equal(reader.as<const sample>(8).number, 42);
    shmb::span<sample> samples = region.array<sample>(512);
    assert_int_equal(samples.size(), 512);
    std::uint32_t sum = 0;
    for (const sample &one : samples)
        sum += one.number;
    assert_int_equal(sum, 42);
    assert_int_equal(samples.at(1).number, 42);

    assert_int_equal(status_of([&] { region.as<sample>(4089); }), SHMB_BAD_RANGE);
    assert_int_equal(status_of([&] { region.as<sample>(2); }), SHMB_BAD_RANGE);
    assert_int_equal(status_of([&] { region.array<sample>(513); }), SHMB_BAD_RANGE);
    assert_int_equal(status_of([&] { region.array<sample>(SIZE_MAX); }), SHMB_BAD_RANGE);
    assert_int_equal(status_of([&] { reader.as<sample>(); }), SHMB_INVALID_ARGUMENT);
    CloseHandle(section);
}

// tests/system/test_examples.c has a region that grows, and one that is replaced.
void a_region_that_cannot_grow_says_so(void **)
{
    HANDLE section = make_section();
    const shmb::region region(section, 4096, for_writing());
    assert_int_equal(region.region_size(), 4096);
    assert_int_equal(region.max_size(), 4096);
    assert_int_equal(status_of([&] { region.grow(4096); }), SHMB_OK);
    assert_int_equal(status_of([&] { region.grow(4097, std::chrono::milliseconds(50)); }), SHMB_CANNOT_GROW);
    assert_true(region.current());
    assert_int_equal(status_of([&] { region.wait_replaced(std::chrono::milliseconds(1)); }),
                     SHMB_INVALID_ARGUMENT);
    assert_false(shmb::region().current());
    CloseHandle(section);
}

void a_region_moves_and_lets_go(void **)
{
    HANDLE section = make_section();
    const unsigned before = own_handles();
    {
        shmb::region first(section, 4096);
        const std::byte *data = first.data();
        shmb::region second(std::move(first));
        assert_false(static_cast<bool>(first));
        assert_null(first.data());
        assert_int_equal(first.size(), 0);
        assert_true(second.data() == data);
        shmb::region third;
        third = std::move(second);
        assert_true(third.data() == data);
        third = shmb::region(section, 100);
        assert_int_equal(third.size(), 100);
    }
    assert_int_equal(own_handles(), before);
    CloseHandle(section);
}

void failures_are_exceptions(void **)
{
    shmb::options options;
    options.instance = "absent-cpp";
    assert_int_equal(status_of([&] { shmb::region("Telemetry", options); }), SHMB_NO_BROKER);
    options.timeout = std::chrono::milliseconds(50);
    assert_int_equal(status_of([&] { shmb::region(std::string("Telemetry"), options); }), SHMB_TIMED_OUT);
    assert_int_equal(status_of([&] { shmb::region("", options); }), SHMB_INVALID_ARGUMENT);
}

// tests/system/test_lock.c has a region with a lock.
void a_mutex_of_a_region_without_a_lock_says_so(void **)
{
    HANDLE section = make_section();
    shmb::region region(section, 4096, for_writing());
    shmb::mutex mutex(region);
    assert_int_equal(status_of([&] { std::unique_lock hold(mutex); }), SHMB_WRONG_KIND);
    assert_int_equal(status_of([&] { (void)mutex.try_lock_for(std::chrono::microseconds(1)); }),
                     SHMB_WRONG_KIND);
    assert_int_equal(status_of([&] { mutex.consistent(); }), SHMB_WRONG_KIND);
    assert_false(mutex.owner_died());
    CloseHandle(section);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_is_typed_and_checked),
        cmocka_unit_test(a_region_that_cannot_grow_says_so),
        cmocka_unit_test(a_region_moves_and_lets_go),
        cmocka_unit_test(failures_are_exceptions),
        cmocka_unit_test(a_mutex_of_a_region_without_a_lock_says_so),
    };
    return cmocka_run_group_tests_name("client.cpp", tests, nullptr, nullptr);
}
