#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct sheet_cell cell(const void *context, int64_t row, int column)
{
    const struct lines *own = context;
    return own->cells[row * own->sheet.count + column];
}

void lines_begin(struct lines *own, const struct sheet_column *columns, int count)
{
    *own = (struct lines){.sheet = {columns, count, 0, cell, own}};
}

static void add(struct lines *own, struct sheet_cell next)
{
    if (own->used == own->room) {
        own->room = own->room ? 2 * own->room : 64;
        own->cells = memory_grow(own->cells, own->room * sizeof *own->cells);
    }
    own->cells[own->used++] = next;
    own->sheet.rows = (int64_t)own->used / own->sheet.count;
}

void lines_text(struct lines *own, const char *text)
{
    char *copy = memory_text(text);
    add(own, (struct sheet_cell){.text = copy});
}

void lines_number(struct lines *own, double number)
{
    add(own, (struct sheet_cell){.number = number});
}

void lines_dispose(struct lines *own)
{
    for (size_t i = 0; i < own->used; i++)
        free((char *)(uintptr_t)own->cells[i].text);
    free(own->cells);
}
