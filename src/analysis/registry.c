#include "registry.h"

#include <stddef.h>

static const struct analysis *const analyses[] = {
    &analysis_gd,
    &analysis_alignment,
    &analysis_probe,
};

int analysis_count(void)
{
    return (int)(sizeof analyses / sizeof analyses[0]);
}

const struct analysis *analysis_at(int i)
{
    return analyses[i];
}

static const char *const targets[] = {"y"};

enum { TARGETS = sizeof targets / sizeof targets[0] };

const char *analysis_target(int i)
{
    return i >= 0 && i < TARGETS ? targets[i] : NULL;
}

int analysis_axis_length(enum column_axis axis, const struct token_shape *shape,
                         const struct model_config *model)
{
    switch (axis) {
    case AXIS_LAYER:
        return model->depth + 1;
    case AXIS_POSITION:
        return model_tokens(model, shape);
    case AXIS_TARGET:
        return TARGETS;
    case AXIS_NONE:
    case AXIS_EVALUATION:
    case AXIS_COUNT:
        break;
    }
    return -1;
}
