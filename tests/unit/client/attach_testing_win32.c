/* What the tests of attaching share; see attach_testing_win32.h. */
#include "attach_testing_win32.h"

#include <stdio.h>
#include <string.h>

fake_broker broker;
char instance[41];
char message[1024];

int start_broker(void **state)
{
    static uint32_t count;
    (void)state;
    snprintf(instance, sizeof instance, "attach-%lu-%u", GetCurrentProcessId(), ++count);
    fake_broker_start(&broker, instance, SHMB_BROKER_RUNNING);
    return 0;
}

int stop_broker(void **state)
{
    (void)state;
    if (broker.section != NULL)
        fake_broker_kill(&broker);
    return 0;
}

shmb_attach_options plain_options(uint32_t access)
{
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = access,
                                   .instance = instance,
                                   .message = message,
                                   .message_size = sizeof message};
    return options;
}

shmb_region *attach_with(const char *name, const shmb_attach_options *options, shmb_status expected)
{
    shmb_region *region = (shmb_region *)(uintptr_t)1;
    shmb_status status = shmb_attach(name, options, &region);
    if (status != expected)
        print_error("\"%s\": status %d (%s), expected %d\n", name, (int)status, message, (int)expected);
    assert_int_equal(status, expected);
    if (status == SHMB_OK) {
        assert_non_null(region);
        assert_string_equal(message, "");
    } else {
        assert_null(region);
        assert_true(message[0] != '\0');
    }
    return region;
}

shmb_region *attach(const char *name, uint32_t access, shmb_status expected)
{
    shmb_attach_options options = plain_options(access);
    return attach_with(name, &options, expected);
}

void assert_message_has(const char *part)
{
    if (strstr(message, part) == NULL)
        fail_msg("\"%s\" is not in the message: %s", part, message);
}
