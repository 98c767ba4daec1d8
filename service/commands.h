/*
 * The commands of shmbroker.exe. command_line.c finds out which one is meant; each returns an exit code
 * (broker.h) after printing what there is to say: results to standard output, everything else to standard
 * error.
 */
#ifndef SHMBROKER_COMMANDS_H
#define SHMBROKER_COMMANDS_H

#include "broker.h"

/* What the command line said. Strings live as long as the command runs. */
typedef struct command_options {
    const char *argument; /* the word that is no option: FILE, REGION, or COMMAND; NULL when not given */
    const char *topic;    /* help, grow: the word behind that one; NULL when not given */
    const char *config;   /* --config; NULL when not given */
    const char *instance; /* --instance; "" for the default one */
    bool json;            /* --json */
    bool remove_data;     /* --remove-data */
    bool quiet;           /* --quiet */
    bool as_service;      /* --as-service */
    const char *user;     /* --user, --groups, --access and --process of explain; NULL when not given */
    const char *groups;
    const char *access;
    const char *process;
    bool keep; /* --keep */
    bool yes;  /* --yes */
    bool kept; /* --kept */
} command_options;

/* Finds and runs the command of `argv` (UTF-8). */
int command_line_run(int argc, char **argv);

int command_check(const command_options *options);
int command_audit(const command_options *options);
int command_explain(const command_options *options);
int command_run(const command_options *options);     /* console_win32.c */
int command_service(const command_options *options); /* service_win32.c: what the service manager starts */
int command_install(const command_options *options);
int command_uninstall(const command_options *options);
int command_start(const command_options *options);
int command_stop(const command_options *options);
int command_plan(const command_options *options);
int command_reload(const command_options *options);
int command_release(const command_options *options);
int command_status(const command_options *options);
int command_grow(const command_options *options);
int command_retire(const command_options *options);
int command_help(const command_options *options);
int command_help_config(const command_options *options);
int command_version(const command_options *options);

#endif
