/* The gate's answer for a person (form: gate_console.h). In: an answer. Out: text. */
#include "report/gate_console.h"

#include "base/clock.h"
#include "report/paint.h"
#include "report/shown.h"

#include <string.h>

enum { USUAL_WIDTH = 80, INDENT = 2, STATE_WIDTH = 9, GAP = 2, LABEL_MOST = 34, ON_ONE_SCREEN = 20 };

typedef struct GatePage {
    const Gate *gate;
    bool colour;
    size_t width;
    size_t label_width; /* of the group that is written */
    Buf *out;
} GatePage;

static const Paint STATE_PAINTS[] = {
    [CONDITION_MET] = PAINT_GOOD, [CONDITION_NOT_MET] = PAINT_BAD, [CONDITION_UNKNOWN] = PAINT_DOUBT};

/* "view public.orders_report" */
static void label_write(const Condition *condition, Buf *out) {
    shown_text(str_of(condition->name), out);
    if (condition->subject != NULL) {
        buf_char(out, ' ');
        shown_text(str_of(condition->subject), out);
    }
}

static size_t label_width(const Condition *condition) {
    Buf label = {0};
    label_write(condition, &label);
    size_t width = shown_width(buf_view(&label));
    buf_free(&label);
    return width;
}

static bool same_group(const Condition *a, const Condition *b) {
    return strcmp(a->group, b->group) == 0;
}

/* Of all labels in the group that are no longer than LABEL_MOST. */
static size_t group_label_width(const Conditions *conditions, const Condition *first) {
    size_t widest = 0;
    for (size_t i = 0; i < conditions->count; i++) {
        size_t width = same_group(&conditions->items[i], first) ? label_width(&conditions->items[i]) : 0;
        widest = width <= LABEL_MOST && width > widest ? width : widest;
    }
    return widest;
}

static size_t text_column(const GatePage *page) {
    return INDENT + STATE_WIDTH + page->label_width + GAP;
}

/* Words from the text's column on, wrapped under themselves. */
static void words_write(const GatePage *page, Buf *words) {
    size_t column = text_column(page);
    shown_wrapped(buf_view(words), page->width - column, column, page->out);
    buf_char(page->out, '\n');
    buf_free(words);
}

static void seen_write(const GatePage *page, const Condition *condition) {
    Buf seen = {0};
    shown_text(str_of(condition->seen), &seen);
    if (condition->since_us != 0) {
        char since[21];
        clock_format_utc(condition->since_us, since);
        buf_printf(&seen, " (since %s)", since);
    }
    words_write(page, &seen);
}

static void required_write(const GatePage *page, const Condition *condition) {
    Buf required = {0};
    buf_text(&required, "required: ");
    shown_text(str_of(condition->required), &required);
    buf_printf(page->out, "%*s", (int)text_column(page), "");
    words_write(page, &required);
}

static void condition_write(const GatePage *page, const Condition *condition) {
    Buf label = {0};
    buf_printf(page->out, "%*s", INDENT, "");
    paint_begin(page->colour, STATE_PAINTS[condition->state], page->out);
    shown_field(str_of(condition_state_name(condition->state)), STATE_WIDTH, page->out);
    paint_end(page->colour, STATE_PAINTS[condition->state], page->out);
    label_write(condition, &label);
    if (shown_width(buf_view(&label)) > page->label_width) {
        buf_str(page->out, buf_view(&label));
        buf_printf(page->out, "\n%*s", (int)text_column(page), "");
    } else {
        shown_field(buf_view(&label), page->label_width + GAP, page->out);
    }
    buf_free(&label);
    seen_write(page, condition);
    if (condition->state != CONDITION_MET) {
        required_write(page, condition);
    }
}

/* Groups in the order of their first condition, each once. */
static void groups_write(GatePage *page) {
    const Conditions *conditions = &page->gate->conditions;
    for (size_t i = 0; i < conditions->count; i++) {
        const Condition *first = &conditions->items[i];
        bool written = false;
        for (size_t j = 0; j < i; j++) {
            written = written || same_group(&conditions->items[j], first);
        }
        if (written) {
            continue;
        }
        buf_char(page->out, '\n');
        paint_text(page->colour, PAINT_BOLD, first->group, page->out);
        buf_char(page->out, '\n');
        page->label_width = group_label_width(conditions, first);
        for (size_t j = i; j < conditions->count; j++) {
            if (same_group(&conditions->items[j], first)) {
                condition_write(page, &conditions->items[j]);
            }
        }
    }
}

static void headline_write(const GatePage *page) {
    static const struct {
        const char *word;
        Paint paint;
    } ANSWERS[] = {[GATE_OPEN] = {"OPEN", PAINT_GOOD},
                   [GATE_CLOSED] = {"CLOSED", PAINT_BAD},
                   [GATE_CANNOT_TELL] = {"CANNOT TELL", PAINT_DOUBT}};
    paint_text(page->colour, PAINT_BOLD, page->gate->check, page->out);
    buf_text(page->out, ": ");
    paint_text(page->colour, ANSWERS[page->gate->answer].paint, ANSWERS[page->gate->answer].word, page->out);
    buf_printf(page->out, " - %s\n", page->gate->reason);
}

/* "not met  view public.orders_report, index public.orders_total_idx" */
static void state_write(const GatePage *page, ConditionState state) {
    const Conditions *conditions = &page->gate->conditions;
    Buf names = {0};
    for (size_t i = 0; i < conditions->count; i++) {
        if (conditions->items[i].state == state) {
            buf_text(&names, names.length > 0 ? ", " : "");
            label_write(&conditions->items[i], &names);
        }
    }
    if (names.length > 0) {
        size_t column = INDENT + STATE_WIDTH;
        buf_printf(page->out, "%*s", INDENT, "");
        paint_begin(page->colour, STATE_PAINTS[state], page->out);
        shown_field(str_of(condition_state_name(state)), STATE_WIDTH, page->out);
        paint_end(page->colour, STATE_PAINTS[state], page->out);
        shown_wrapped(buf_view(&names), page->width - column, column, page->out);
        buf_char(page->out, '\n');
    }
    buf_free(&names);
}

void gate_console_write(const Gate *gate, bool colour, size_t width, Buf *out) {
    GatePage page = {.gate = gate, .colour = colour, .width = width == 0 ? USUAL_WIDTH : width, .out = out};
    headline_write(&page);
    groups_write(&page);
    if (gate->conditions.count > ON_ONE_SCREEN) {
        buf_char(out, '\n');
        headline_write(&page);
        state_write(&page, CONDITION_NOT_MET);
        state_write(&page, CONDITION_UNKNOWN);
    }
}
