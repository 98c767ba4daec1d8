/*
 * The model's release: everything lies in its arena, itself included.
 */
#include "model.h"

#include "arena.h"

void config_model_free(config_model *model)
{
    if (model != NULL) {
        config_arena_free(model->arena);
    }
}
