#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/number.h"
#include "json.h"
#include "npz.h"
#include "output.h"
#include "rows.h"
#include "run/run.h"
#include "run_sheet.h"
#include "settings_of.h"

/* ---- a sheet of all runs: name and status, settings, results, log */

enum { GIVEN = 2 }; /* run and status */

struct export
{
    struct run_sheet runs;       /* of what the file has as columns */
    struct settings_of settings; /* of them those that are the same in every run */
    struct sheet_column *heads;
    char value[KEY_TEXT_SIZE];
};

static struct sheet_cell cell(const void *context, int64_t row, int column)
{
    struct export *own = (struct export *)(uintptr_t)context; /* its value is written */
    int setting = column - GIVEN, shift = own->settings.count;
    if (setting < 0 || setting >= shift)
        return own->runs.sheet.cell(own->runs.sheet.context, row,
                                    setting < 0 ? column : column - shift);
    struct sheet_cell found = {.text = own->value};
    int k = own->settings.keys[setting];
    settings_of_value(own->value, own->settings.texts[row], k);
    if (schema_key(&run_schema, k)->type == KEY_BOOL) /* as swept ones are stored */
        found = (struct sheet_cell){.number = strcmp(own->value, "true") == 0};
    else if (number_parse(&found.number, own->value))
        found.text = NULL;
    return found;
}

/* Swept keys are columns of the file already. */
static void leave_out_swept(struct settings_of *settings, const struct reader *reader)
{
    int count = 0;
    for (int i = 0; i < settings->count; i++)
        if (rows_column(reader, schema_key(&run_schema, settings->keys[i])->name) < 0)
            settings->keys[count++] = settings->keys[i];
    settings->count = count;
}

static struct sheet make_sheet(struct export *own)
{
    const struct sheet *runs = &own->runs.sheet;
    int count = runs->count + own->settings.count;
    own->heads = memory_zeroed((size_t)count, sizeof *own->heads);
    memcpy(own->heads, runs->columns, GIVEN * sizeof *own->heads);
    for (int i = 0; i < own->settings.count; i++)
        snprintf(own->heads[GIVEN + i].name, sizeof own->heads->name, "%s",
                 schema_key(&run_schema, own->settings.keys[i])->name);
    memcpy(own->heads + GIVEN + own->settings.count, runs->columns + GIVEN,
           (size_t)(runs->count - GIVEN) * sizeof *own->heads);
    return (struct sheet){own->heads, count, runs->rows, cell, own};
}

static enum status write_sheet(FILE *to, const struct options *options, struct error *err)
{
    const char *file = options->words[0];
    struct export own = {0};
    struct reader *reader;
    struct arrays *arrays = NULL;
    enum status st = reader_open(&reader, file, err);
    if (st != OK)
        return st;
    st = arrays_open(&arrays, file, err);
    if (st == OK)
        st = settings_of_read(&own.settings, arrays, err);
    if (st == OK) {
        struct columns columns;
        struct selection all = selection_all(reader);
        columns_all(&columns, reader);
        leave_out_swept(&own.settings, reader);
        run_sheet_make(&own.runs, reader, &all, &columns, RUN_SHEET_NAMES);
        struct sheet sheet = make_sheet(&own);
        if (options->json) {
            json_begin(to, "export");
            json_member(to, "file", file);
            json_member(to, "name", reader_name(reader));
            fputs(", \"runs\": ", to);
        }
        (options->json ? sheet_print_json : sheet_print_csv)(&sheet, to);
        fputs(options->json ? "}\n" : "", to);
        free(own.runs.heads);
        free(own.heads);
        free(columns.at);
        free(all.rows);
    }
    settings_of_dispose(&own.settings);
    arrays_close(arrays);
    reader_close(reader);
    return st;
}

/* ---- all arrays */

static const char *const descriptions[] = {
    [ARRAY_I8] = "|i1",  [ARRAY_I32] = "<i4", [ARRAY_I64] = "<i8",
    [ARRAY_U64] = "<u8", [ARRAY_F32] = "<f4", [ARRAY_F64] = "<f8",
};

static enum status write_arrays(FILE *to, const struct options *options, struct error *err)
{
    struct arrays *arrays;
    struct npz npz;
    enum status st = arrays_open(&arrays, options->words[0], err);
    if (st != OK)
        return st;
    npz_begin(&npz, to);
    for (int i = 0; i < arrays_count(arrays) && st == OK; i++) {
        const struct array *array = arrays_at(arrays, i);
        void *values;
        st = arrays_read(&values, arrays, i, err);
        if (st != OK)
            break;
        if (array->type == ARRAY_TEXT)
            npz_add_texts(&npz, array->name, array->rank, array->size, values);
        else
            npz_add(&npz, array->name, descriptions[array->type], array_bytes(array->type),
                    array->rank, array->size, values);
        arrays_free(values, array);
    }
    npz_end(&npz);
    arrays_close(arrays);
    return st;
}

/* ---- the command */

static enum status check(const struct options *options, const struct command *self,
                         struct error *err)
{
    size_t length = options->output ? strlen(options->output) : 0;
    if (options->csv + options->json + options->npz != 1)
        return error_set(err, ERR_USAGE, "mesasweep %s: takes one of --csv, --json and --npz",
                         self->name);
    if (length > 3 && strcmp(options->output + length - 3, ".h5") == 0)
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: -o %s: is named like a result file, which an export is not",
                         self->name, options->output);
    if (options->npz && !options->output && isatty(STDOUT_FILENO))
        return error_set(err, ERR_USAGE,
                         "mesasweep %s: --npz: a terminal is no place for it; name "
                         "a file with -o",
                         self->name);
    return OK;
}

enum status cmd_export(int *code, const struct command *self, int argc, char **argv,
                       struct error *err)
{
    /* clang-format off */
    static const struct argp_option rows[] = {
        {"csv", OPTION_CSV, NULL, 0, "A line for each run: all settings, all columns of one value, the last of each curve, the log", 0},
        {"json", OPTION_JSON, NULL, 0, "The same as one JSON object", 0},
        {"npz", OPTION_NPZ, NULL, 0, "Every array, weights included, for numpy.load", 0},
        {"output", OPTION_OUTPUT, "FILE", 0, "Where to; default: standard output", 0},
        {0},
    };
    /* clang-format on */
    static const char more[] = "A file that is there is replaced when the new one is whole.";
    struct options options;
    struct output output;
    enum status st = options_parse(&options, self, rows, more, argc, argv, err);
    if (st != OK || options.help)
        return st;
    st = options_words(&options, self, 1, 1, "the result file", err);
    if (st == OK)
        st = check(&options, self, err);
    if (st == OK)
        st = output_open(&output, options.output, err);
    if (st != OK)
        return st;
    st = (options.npz ? write_arrays : write_sheet)(output.to, &options, err);
    *code = 0;
    return output_close(&output, st, err);
}
