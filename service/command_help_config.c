/* `shmbroker help config`: the configuration's keys, from the table that the loader reads by. */
#include "commands.h"

#include "reference.h"
#include "rights.h"

static int unknown_key(const char *key)
{
    const char *similar = config_help_similar(key);
    fprintf(stderr, "error: a configuration has no key \"%s\"%s%s%s; `shmbroker help config` lists them\n",
            key, similar ? " (did you mean " : "", similar ? similar : "", similar ? "?)" : "");
    return EXIT_BAD_USAGE;
}

int command_help_config(const command_options *options)
{
    if (options->topic)
        return config_help_write_key(stdout, options->topic) ? EXIT_OK : unknown_key(options->topic);
    fputs("A configuration is a file in YAML:\n"
          "\n"
          "    version: 1\n"
          "    regions:\n"
          "      Telemetry:\n"
          "        size: 64 KiB\n"
          "        access: { read: [Users], write: [Administrators] }\n"
          "\n",
          stdout);
    config_help_write(stdout);
    rights_write_help(stdout);
    fputs("\n`shmbroker check FILE` shows what a file means, or what is wrong with it.\n", stdout);
    return EXIT_OK;
}
