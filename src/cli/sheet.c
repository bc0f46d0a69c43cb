#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/key.h"
#include "json.h"
#include "show.h"

static void add_cell(struct cells *cells, const struct sheet_cell *cell, enum sheet_kind kind)
{
    char number[32];
    if (kind == SHEET_SETTING)
        show_number(number, sizeof number, cell->number);
    else if (kind == SHEET_RESULT)
        show_result(number, sizeof number, cell->number);
    cells_add(cells, kind == SHEET_TEXT ? cell->text : number);
}

void sheet_print_text(const struct sheet *sheet, FILE *to)
{
    char *align = memory_zeroed((size_t)sheet->count + 1, 1);
    struct cells *cells = cells_create(sheet->count);
    for (int c = 0; c < sheet->count; c++) {
        align[c] = sheet->columns[c].kind == SHEET_TEXT ? 'l' : 'r';
        cells_add(cells, sheet->columns[c].name);
    }
    for (int64_t row = 0; row < sheet->rows; row++)
        for (int c = 0; c < sheet->count; c++) {
            struct sheet_cell cell = sheet->cell(sheet->context, row, c);
            add_cell(cells, &cell, sheet->columns[c].kind);
        }
    cells_print(cells, align, "", to);
    cells_destroy(cells);
    free(align);
}

/* Quoted when it holds a comma, a quote or a line's end. What a spreadsheet would take for a
 * formula gets an apostrophe, as no honest text begins so and numbers do not come here. */
static void print_field(const char *text, FILE *to)
{
    const char *guard = *text && strchr("=+-@", *text) ? "'" : "";
    if (!strpbrk(text, ",\"\r\n")) {
        fprintf(to, "%s%s", guard, text);
        return;
    }
    fprintf(to, "\"%s", guard);
    for (; *text; text++)
        fprintf(to, *text == '"' ? "\"\"" : "%c", *text);
    putc('"', to);
}

void sheet_print_csv(const struct sheet *sheet, FILE *to)
{
    for (int c = 0; c < sheet->count; c++) {
        fputs(c ? "," : "", to);
        print_field(sheet->columns[c].name, to);
    }
    putc('\n', to);
    for (int64_t row = 0; row < sheet->rows; row++) {
        for (int c = 0; c < sheet->count; c++) {
            struct sheet_cell cell = sheet->cell(sheet->context, row, c);
            char number[KEY_TEXT_SIZE] = "";
            if (!cell.text && cell.number == cell.number)
                number_print(cell.number, number, sizeof number);
            fputs(c ? "," : "", to);
            if (cell.text)
                print_field(cell.text, to);
            else
                fputs(number, to);
        }
        putc('\n', to);
    }
}

void sheet_print_json(const struct sheet *sheet, FILE *to)
{
    putc('[', to);
    for (int64_t row = 0; row < sheet->rows; row++) {
        fputs(row ? ",\n {" : "\n {", to);
        for (int c = 0; c < sheet->count; c++) {
            struct sheet_cell cell = sheet->cell(sheet->context, row, c);
            fputs(c ? ", " : "", to);
            json_text(to, sheet->columns[c].name);
            fputs(": ", to);
            if (cell.text)
                json_text(to, cell.text);
            else
                json_number(to, cell.number);
        }
        putc('}', to);
    }
    putc(']', to);
}
