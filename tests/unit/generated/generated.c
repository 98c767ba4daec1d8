/*
 * The list of generated files, and what puts together those that come from several tables.
 */
#include "generated.h"

#include "reference.h"
#include "rights.h"
#include "schema.h"

static void write_reference(FILE *stream)
{
    config_reference_write(stream);
    rights_write_reference(stream);
    fputs("This page and the schemas beside it are made by `./dev reference` from the tables in `config/` "
          "and `service/`.\n",
          stream);
}

const generated_file generated_files[] = {
    {"REFERENCE.md", write_reference},
    {CONFIG_SCHEMA_FILE, config_schema_write},
    {"shmbroker-fragment.schema.json", config_schema_write_fragment},
    {NULL, NULL},
};
