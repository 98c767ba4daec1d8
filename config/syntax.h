/*
 * What libyaml finds wrong with a text, said in words that lead to the correction.
 */
#ifndef SHMBROKER_CONFIG_SYNTAX_H
#define SHMBROKER_CONFIG_SYNTAX_H

#include "diagnostics.h"

#include <yaml.h>

/* libyaml's place as a position. */
config_position config_syntax_position(yaml_mark_t mark);

/* Adds the one diagnostic for the error that `parser` stopped at while reading `text`. */
void config_syntax_report(const yaml_parser_t *parser, const char *text, size_t length,
                          config_diagnostics *diagnostics);

#endif
