/* The command line: which command, which options, and the help that describes them. One table says it all. */
#include "commands.h"

#include "names.h"

#include <stdio.h>
#include <string.h>

enum {
    TAKES_CONFIG = 1,
    TAKES_INSTANCE = 2,
    TAKES_JSON = 4,
    HIDDEN = 8,
    NEEDS_ARGUMENT = 16,
    TAKES_REMOVE = 32,
    TAKES_QUIET = 64,
    TAKES_TOPIC = 128,
    TAKES_WHO = 256,
    TAKES_KEEP = 512,
    TAKES_AS_SERVICE = 1024,
    TAKES_YES = 2048,
    TAKES_KEPT = 4096,
    TAKES_SIZE = 8192
};

static const struct command {
    const char *name;
    const char *argument; /* what the free word is, or NULL when there is none */
    unsigned takes;
    int (*run)(const command_options *options);
    const char *summary;
    const char *details;
} commands[] = {
    {"check", "FILE", TAKES_INSTANCE | TAKES_JSON | TAKES_QUIET | TAKES_AS_SERVICE | NEEDS_ARGUMENT,
     command_check, "Show the regions that FILE declares, or what is wrong with it.",
     "Prints each region as the service will create it: object name, size, backing, who may read and\n"
     "write, and the security descriptor. Changes nothing. Errors name file, line and column. With --quiet\n"
     "it prints errors alone. A file that others than you and administrators can change is a warning; with\n"
     "--as-service it is an error, as for the service: and so is one that you can change."},
    {"audit", "FILE", TAKES_INSTANCE | TAKES_JSON, command_audit,
     "Show what in FILE, and around it, lets people do more than it should.",
     "Without FILE it looks at the instance's own configuration. Each finding has a severity, its place, "
     "why\n"
     "it matters and what to do: rights of broad groups, labels, entries without effect, accounts that are\n"
     "gone, names that others can take, files and folders that others than administrators can change.\n"
     "Changes nothing. Exit code 0: nothing above info; 6, 7, 8: the worst is low, medium, high."},
    {"explain", "REGION", TAKES_WHO | TAKES_CONFIG | TAKES_INSTANCE | TAKES_JSON | NEEDS_ARGUMENT,
     command_explain, "Say whether an account or a program may use REGION, and why.",
     "Needs --user or --process. Prints the verdict first; then by which entry of which file and line, the "
     "other\n"
     "entries, what is assumed of the account, whether the running region has that descriptor, and what to "
     "write\n"
     "into the configuration to allow it. --user takes a name or an SID; its groups are looked up, or are "
     "those of\n"
     "--groups. --process looks at a running program's token, with its restrictions, its integrity and its "
     "app\n"
     "container. Exit code 0: granted, 3: denied, 5: there is no such region. Changes nothing."},
    {"run", NULL, TAKES_CONFIG | TAKES_INSTANCE, command_run, "Serve regions from this console until Ctrl+C.",
     "For trying a configuration. Prints one line beginning `ready` when the regions exist. Objects belong "
     "to\n"
     "the account you run it as; names of all sessions (namespace: global) need an elevated console, and so "
     "do\n"
     "regions with `namespace: session`: your own session gets its instance, where a service serves all of "
     "them. A\n"
     "file that others than you and administrators can change is refused."},
    {"install", NULL, TAKES_CONFIG | TAKES_INSTANCE, command_install,
     "Install this program as a service, or update it.",
     "Registers the service ShmBroker (ShmBroker$NAME for an instance) under its own virtual account, "
     "started\n"
     "automatically, and creates its folders. Where there is no configuration, shmbroker.default.yaml "
     "beside\n"
     "this program becomes it. Needs an elevated console. `start` starts it. Over a running service of "
     "another\n"
     "version, or from another place, it keeps what the regions hold: if this program finds the "
     "configuration "
     "good,\n"
     "the running one leaves its regions to its keeper, and this one goes on with them. If it cannot be so, "
     "the\n"
     "running one goes on as before."},
    {"uninstall", NULL, TAKES_INSTANCE | TAKES_REMOVE, command_uninstall,
     "Stop and remove the service; keep configuration and data.",
     "Succeeds when there is no such service. With --remove-data its folder in %ProgramData% goes too, with\n"
     "configuration, backing files and logs (other instances' stay), unless a broker of the instance runs "
     "in\n"
     "a console. Needs an elevated console."},
    {"start", NULL, TAKES_INSTANCE | TAKES_KEPT, command_start,
     "Start the service and wait until its regions exist.",
     "With --kept only when `stop --keep`, or a broker that was killed, has left its regions. Waits at most "
     "a\n"
     "minute without progress."},
    {"stop", NULL, TAKES_INSTANCE | TAKES_KEEP, command_stop,
     "Stop the service and wait until it has stopped.",
     "Its regions go, but for those that programs hold: these live on until the last program lets go. New\n"
     "programs cannot attach. With --keep all regions stay, with their data, in the keeper process, and the\n"
     "next `start` goes on with them: for a restart or an upgrade. `stop` again lets them go. A service "
     "that\n"
     "has no keeper is not stopped by --keep: that is exit code 1, and its log says why it has none. Waits "
     "at\n"
     "most a minute without progress."},
    {"plan", "FILE", TAKES_INSTANCE | TAKES_JSON, command_plan, "Show what a reload would do.",
     "Reads FILE, or the configuration that the running broker goes by, and compares it with what the "
     "broker\n"
     "serves: + create, ~ secure (other rights for the same object), ~ update (other words), \xC2\xB1 "
     "replace\n"
     "(another object), - retire, ! refuse. Changes nothing. Needs an elevated console when a broker runs."},
    {"reload", NULL, TAKES_INSTANCE | TAKES_YES, command_reload,
     "Have the running broker go by its configuration as it is now.",
     "Shows the plan, asks, and has it done; --yes does not ask. A configuration with an error changes "
     "nothing.\n"
     "Other rights count from the next attach: handles already open keep theirs, unless the region says\n"
     "`revoke: true`. A region whose size or kind changes is replaced as soon as programs have let go of "
     "the\n"
     "old one. `sc control ShmBroker paramchange` does the same without asking. Needs an elevated console."},
    {"grow", "REGION", TAKES_SIZE | TAKES_INSTANCE | NEEDS_ARGUMENT, command_grow,
     "Have REGION grow to SIZE where it is, for all who use it.",
     "REGION is declared with `max_size`, which SIZE must not be above; a region that is as large already "
     "stays so.\n"
     "Programs that have it open see the new size without attaching again. Beyond `commit_budget`, or what "
     "the\n"
     "machine can promise, nothing changes. For those who may write the region."},
    {"retire", "REGION", TAKES_INSTANCE | NEEDS_ARGUMENT, command_retire,
     "Have the broker let go of REGION before its configuration changes.",
     "No program can attach from now on; those that have it open keep it, and the broker waits for them as "
     "long as\n"
     "the region's `drain` says. The next reload or start serves it again if it is declared. For those in "
     "`manage`\n"
     "of the region's `access`."},
    {"release", "REGION", TAKES_INSTANCE | TAKES_YES | NEEDS_ARGUMENT, command_release,
     "Have a region that is held served with what it has.",
     "For a REGION with `on_dirty: hold` whose last life did not end in order, when somebody has looked at "
     "it: "
     "it\n"
     "gets its file's bytes, or those of its newest snapshot. It is a reload: the plan is shown, you are "
     "asked,\n"
     "and what else has changed in the configuration is done, too; --yes does not ask. Needs an elevated "
     "console.\n"
     "Exit code 5: that region is not held."},
    {"status", "REGION", TAKES_INSTANCE | TAKES_JSON, command_status,
     "Show the broker and its regions, or one REGION.",
     "How the broker is, what its last reload came to, and each region: ready, pending (programs still have "
     "an\n"
     "earlier object of its name open), failed, or retiring with the time that is left; why, and which "
     "programs\n"
     "keep what is to go. Reads the catalog that the broker publishes; needs no rights beyond those of any\n"
     "client. Exit code 4: no broker runs, 5: there is no such region."},
    {"help", "COMMAND", TAKES_TOPIC, command_help,
     "Show this, what one COMMAND does, or with `config` what a configuration may hold.",
     "`help config` explains every key of a configuration, `help config KEY` one of them: its name, such as\n"
     "`size`, or its place, such as `access.read`."},
    {"version", NULL, 0, command_version, "Show the version.", NULL},
    {"service", NULL, TAKES_CONFIG | TAKES_INSTANCE | HIDDEN, command_service,
     "What the service manager starts.", "Not for consoles: use `run` there."},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static void print_usage(FILE *stream, const struct command *command)
{
    fprintf(stream, "shmbroker %s", command->name);
    if (command->argument)
        fprintf(stream, command->takes & NEEDS_ARGUMENT ? " %s" : " [%s]", command->argument);
    if (command->takes & TAKES_WHO)
        fprintf(stream, " --user NAME|SID [--groups A,B,...] | --process PID [--access read|write]");
    if (command->takes & TAKES_SIZE)
        fprintf(stream, " SIZE");
    fprintf(stream, "%s%s%s%s%s%s%s%s%s%s\n", command->takes & TAKES_TOPIC ? " | config [KEY]" : "",
            command->takes & TAKES_CONFIG ? " [--config FILE]" : "",
            command->takes & TAKES_INSTANCE ? " [--instance NAME]" : "",
            command->takes & TAKES_JSON ? " [--json]" : "", command->takes & TAKES_QUIET ? " [--quiet]" : "",
            command->takes & TAKES_AS_SERVICE ? " [--as-service]" : "",
            command->takes & TAKES_REMOVE ? " [--remove-data]" : "",
            command->takes & TAKES_KEEP ? " [--keep]" : "", command->takes & TAKES_KEPT ? " [--kept]" : "",
            command->takes & TAKES_YES ? " [--yes]" : "");
}

static void print_overview(FILE *stream)
{
    fprintf(stream, "shmbroker %s: named shared memory, declared in YAML and owned by a service\n\n",
            broker_version());
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!(commands[i].takes & HIDDEN))
            fprintf(stream, "  shmbroker %-10s %s\n", commands[i].name, commands[i].summary);
    fprintf(stream,
            "\n"
            "  --config FILE    the configuration; else %%ProgramData%%\\ShmBroker\\shmbroker.yaml\n"
            "  --instance NAME  a second broker, independent of the first: 1 to 40 letters, digits, _ or -\n"
            "  --json           machine-readable, on standard output\n"
            "  --quiet          errors alone\n"
            "  --as-service     `check` refuses what the service refuses\n"
            "  --user NAME|SID  the account that `explain` is about; --groups A,B,... are its groups\n"
            "  --process PID    or the program; --access read, or write, is what it wants\n"
            "  --yes            `reload` and `release` do not ask\n"
            "  --keep, --kept   `stop --keep` leaves the regions for the next start; `start --kept` starts "
            "then alone\n"
            "  --remove-data    configuration, backing files and logs go with the service\n"
            "  --               ends the options: what follows is a name, even if it begins with a dash\n"
            "\n"
            "Exit codes: 0 ok, 1 failed, 2 bad usage or bad config, 3 access denied, 4 broker not running,\n"
            "5 no such region; of `audit` also 6, 7, 8: its worst finding is low, medium, high.\n");
}

static int bad_usage(const struct command *command, const char *what, const char *word)
{
    fprintf(stderr, "error: shmbroker %s: %s%s%s\nusage: ", command->name, what, *word ? " " : "", word);
    print_usage(stderr, command);
    return EXIT_BAD_USAGE;
}

int command_help(const command_options *options)
{
    if (!options->argument) {
        print_overview(stdout);
        return EXIT_OK;
    }
    if (strcmp(options->argument, "config") == 0)
        return command_help_config(options);
    const struct command *command = find_command(options->argument);
    if (command && options->topic)
        return bad_usage(find_command("help"), "does not know what to do with", options->topic);
    if (!command) {
        fprintf(stderr, "error: there is no command \"%s\"; `shmbroker help` lists them\n",
                options->argument);
        return EXIT_BAD_USAGE;
    }
    print_usage(stdout, command);
    printf("\n%s\n", command->summary);
    if (command->details)
        printf("\n%s\n", command->details);
    return EXIT_OK;
}

int command_version(const command_options *options)
{
    (void)options;
    printf("shmbroker %s\n", broker_version());
    return EXIT_OK;
}

/* Takes the value behind option argv[*at]. */
static int take_value(const struct command *command, int argc, char **argv, int *at, const char **value)
{
    if (*at + 1 >= argc)
        return bad_usage(command, "needs a value behind", argv[*at]);
    *value = argv[++*at];
    return EXIT_OK;
}

static int take_argument(const struct command *command, const char *word, command_options *options)
{
    if (!command->argument && (command->takes & TAKES_CONFIG))
        return bad_usage(command, "takes its file as --config FILE; it does not know what to do with", word);
    bool is_topic = options->argument && !options->topic && (command->takes & (TAKES_TOPIC | TAKES_SIZE));
    if (!command->argument || (options->argument && !is_topic))
        return bad_usage(command, "does not know what to do with", word);
    *(is_topic ? &options->topic : &options->argument) = word;
    return EXIT_OK;
}

/* Where the value of an option of `explain` goes; NULL when `word` is none. */
static const char **who_option(const char *word, command_options *options)
{
    if (strcmp(word, "--user") == 0)
        return &options->user;
    if (strcmp(word, "--groups") == 0)
        return &options->groups;
    if (strcmp(word, "--access") == 0)
        return &options->access;
    return strcmp(word, "--process") == 0 ? &options->process : NULL;
}

static int take_option(const struct command *command, int argc, char **argv, int *at,
                       command_options *options)
{
    const char *word = argv[*at];
    if ((command->takes & TAKES_CONFIG) && strcmp(word, "--config") == 0)
        return take_value(command, argc, argv, at, &options->config);
    if ((command->takes & TAKES_INSTANCE) && strcmp(word, "--instance") == 0) {
        int code = take_value(command, argc, argv, at, &options->instance);
        if (code == EXIT_OK && (!*options->instance || !names_instance_is_valid(options->instance)))
            return bad_usage(command, "an instance is 1 to 40 letters, digits, _ or -, not",
                             options->instance);
        return code;
    }
    const char **who = command->takes & TAKES_WHO ? who_option(word, options) : NULL;
    if (who)
        return take_value(command, argc, argv, at, who);
    if ((command->takes & TAKES_JSON) && strcmp(word, "--json") == 0) {
        options->json = true;
        return EXIT_OK;
    }
    if ((command->takes & TAKES_QUIET) && strcmp(word, "--quiet") == 0) {
        options->quiet = true;
        return EXIT_OK;
    }
    if ((command->takes & TAKES_AS_SERVICE) && strcmp(word, "--as-service") == 0) {
        options->as_service = true;
        return EXIT_OK;
    }
    if ((command->takes & TAKES_REMOVE) && strcmp(word, "--remove-data") == 0) {
        options->remove_data = true;
        return EXIT_OK;
    }
    if ((command->takes & TAKES_YES) && strcmp(word, "--yes") == 0) {
        options->yes = true;
        return EXIT_OK;
    }
    if ((command->takes & TAKES_KEEP) && strcmp(word, "--keep") == 0) {
        options->keep = true;
        return EXIT_OK;
    }
    if ((command->takes & TAKES_KEPT) && strcmp(word, "--kept") == 0) {
        options->kept = true;
        return EXIT_OK;
    }
    if (word[0] == '-')
        return bad_usage(command, "does not know the option", word);
    return take_argument(command, word, options);
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "/?") == 0;
}

int command_line_run(int argc, char **argv)
{
    command_options options = {.instance = ""};
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_BAD_USAGE;
    }
    if (asks_for_help(argv[1]))
        return command_help(&options);
    if (strcmp(argv[1], "--version") == 0)
        return command_version(&options);
    const struct command *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "error: there is no command \"%s\"; `shmbroker help` lists them\n", argv[1]);
        return EXIT_BAD_USAGE;
    }
    bool options_ended = false; /* by "--": a region's name may begin with a dash */
    for (int at = 2; at < argc; at++) {
        if (!options_ended && strcmp(argv[at], "--") == 0) {
            options_ended = true;
            continue;
        }
        if (!options_ended && asks_for_help(argv[at])) {
            options.argument = command->name;
            return command_help(&options);
        }
        int code = options_ended ? take_argument(command, argv[at], &options)
                                 : take_option(command, argc, argv, &at, &options);
        if (code != EXIT_OK)
            return code;
    }
    if ((command->takes & NEEDS_ARGUMENT) && !options.argument)
        return bad_usage(command, "needs a", command->argument);
    if ((command->takes & TAKES_SIZE) && !options.topic)
        return bad_usage(command, "needs a", "SIZE");
    return command->run(&options);
}
