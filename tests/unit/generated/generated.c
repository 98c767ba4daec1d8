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
    fputs("This page and `shmbroker.schema.json` are made by `./dev reference` from the tables in `config/` "
          "and `service/`.\n",
          stream);
}

const generated_file generated_files[] = {
    {"REFERENCE.md", write_reference},
    {"shmbroker.schema.json", config_schema_write},
    {NULL, NULL},
};
