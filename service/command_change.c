/* `shmbroker grow` and `retire`: what those who have a right to a region may have done to it. */
#include "commands.h"

#include "live.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

static int refused(const char *why, int code)
{
    fprintf(stderr, "error: %s\n", why);
    return code;
}

/* Has the running broker do it, and prints what it says. `size` gets the region's size. */
static int have_done(const command_options *options, control_command command, uint64_t argument,
                     uint64_t *size)
{
    platform_failure said = {0};
    int code = live_change(options->instance, command, options->argument, argument, size, &said);
    if (code != EXIT_OK)
        return refused(said.text, code);
    fputs(said.text, stdout);
    return EXIT_OK;
}

static int bad_size(const command_options *options)
{
    fprintf(stderr,
            "error: region %s cannot grow: \"%s\" is no size; write a number of bytes, or one with B, KiB, "
            "MiB, GiB "
            "or TiB, such as 64MiB, or \"64 MiB\" in quotes\n",
            options->argument, options->topic ? options->topic : "");
    return EXIT_BAD_USAGE;
}

int command_grow(const command_options *options)
{
    uint64_t size = 0, now = 0;
    char words[CONFIG_SIZE_TEXT];
    const char *wanted = options->topic ? options->topic : "";
    if (config_size_parse(wanted, strlen(wanted), &size) != CONFIG_SIZE_OK || size == 0)
        return bad_size(options);
    int code = have_done(options, CONTROL_GROW, size, &now);
    if (code == EXIT_OK)
        printf("region %s has %s (%llu bytes)\n", options->argument, config_size_format(now, words),
               (unsigned long long)now);
    return code;
}

int command_retire(const command_options *options)
{
    uint64_t ignored;
    int code = have_done(options, CONTROL_RETIRE, 0, &ignored);
    if (code == EXIT_OK)
        fputc('\n', stdout);
    return code;
}
