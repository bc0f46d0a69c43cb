/* A condition: read, then asked of the default configuration. */
#include "expression.h"
#include "fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
    struct expression *expression = NULL;
    struct error err = {""};
    struct run_config config;
    bool holds;
    char *text = strndup((const char *)data, size);
    if (!text)
        return;
    schema_defaults(&run_schema, &config);
    enum status status = expression_read(&expression, &run_schema, text, &err);
    expect_one_line(status, &err);
    if (status == OK)
        expect_one_line(expression_holds(&holds, expression, &config, &err), &err);
    expression_destroy(expression);
    free(text);
}
