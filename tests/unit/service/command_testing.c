/* What the commands' tests share. See command_testing.h. */
#include "command_testing.h"

#include "streams.h"

#include <stdlib.h>

char *printed, *complained;

static void forget_output(void)
{
    free(printed);
    free(complained);
    printed = complained = NULL;
}

int new_machine(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

int closed_machine(void **state)
{
    (void)state;
    forget_output();
    assert_null(fake.violation);
    assert_int_equal(fake_open_things(), 0);
    fake_reset();
    return 0;
}

int command_captured(int (*command)(const command_options *options), const command_options *options)
{
    streams_capture out, err;
    forget_output();
    streams_capture_begin(&out, stdout);
    streams_capture_begin(&err, stderr);
    int code = command(options);
    complained = streams_capture_end(&err);
    printed = streams_capture_end(&out);
    return code;
}

int command_captured_with(const char *config, int (*command)(const command_options *options),
                          const command_options *options)
{
    fake.config = config;
    return command_captured(command, options);
}
