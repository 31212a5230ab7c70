#include "check/queue.h"

#include <stdlib.h>
#include <string.h>

enum { HALVES_MAX = 4096, DEPTH_MAX = 6 };

void queue_open(RangeQueue *queue, const Plan *plan, int64_t target_us) {
    *queue = (RangeQueue){.plan = plan, .target_us = target_us, .last_count = 1};
    pthread_mutex_init(&queue->lock, NULL);
}

void queue_close(RangeQueue *queue) {
    pthread_mutex_destroy(&queue->lock);
    free(queue->halves);
    arena_free(&queue->memory);
}

/* ---- halving ---------------------------------------------------------------------------------------------- */

static bool int_between(int64_t from, int64_t to, size_t part, size_t parts, int64_t *out) {
    i128 span = (i128)to - from;
    *out = (int64_t)(from + span * (i128)part / (i128)parts);
    return *out > from && *out < to;
}

static u128 uuid_number(Str bytes) {
    u128 number = 0;
    for (size_t i = 0; i < bytes.length && i < 16; i++) {
        number = number << 8 | (unsigned char)bytes.bytes[i];
    }
    return number;
}

static bool uuid_between(Arena *arena, Str from, Str to, size_t part, size_t parts, Str *out) {
    u128 low = uuid_number(from);
    u128 high = uuid_number(to);
    u128 at = high < low ? low : low + (high - low) / parts * part;
    char *bytes = arena_alloc(arena, 16);
    for (size_t i = 0; i < 16; i++) {
        bytes[15 - i] = (char)(at >> (8 * i) & 0xff);
    }
    *out = (Str){bytes, 16};
    return at > low && at < high;
}

/* Of a time that is infinite on one side there is no middle. */
static bool time_between(int64_t from, int64_t to, size_t part, size_t parts, int64_t *out) {
    return from != INT64_MIN && to != INT64_MAX && int_between(from, to, part, parts, out);
}

bool range_between(Arena *arena, const Value *from, const Value *to, size_t key_count, size_t part, size_t parts,
                   const Value **out) {
    Value lead = from[0];
    bool found = false;
    switch (lead.kind) {
    case KIND_INT:
        found = int_between(from[0].as.integer, to[0].as.integer, part, parts, &lead.as.integer);
        break;
    case KIND_DATE:
    case KIND_TIME:
    case KIND_TIMESTAMP:
    case KIND_TIMESTAMPTZ:
        found = time_between(from[0].as.integer, to[0].as.integer, part, parts, &lead.as.integer);
        break;
    case KIND_UUID:
        found = uuid_between(arena, from[0].as.text, to[0].as.text, part, parts, &lead.as.text);
        break;
    case KIND_BOOL:
    case KIND_DECIMAL:
    case KIND_FLOAT:
    case KIND_TEXT:
    case KIND_BYTES:
    case KIND_INTERVAL:
    case KIND_JSON:
    case KIND_ARRAY:
    case KIND_OPAQUE:
    case KIND_COUNT:
        break;
    }
    if (!found) {
        return false;
    }
    Value *key = ARENA_MANY(arena, key_count, Value);
    memcpy(key, from, key_count * sizeof(Value));
    key[0] = lead;
    *out = key;
    return true;
}

static bool range_middle(Arena *arena, const Value *from, const Value *to, size_t key_count, const Value **out) {
    return range_between(arena, from, to, key_count, 1, 2, out);
}

static void halves_push(RangeQueue *queue, RangeTask task) {
    if (queue->half_count == queue->half_capacity) {
        queue->half_capacity = queue->half_capacity == 0 ? 16 : queue->half_capacity * 2;
        queue->halves = mem_resize(queue->halves, queue->half_capacity * sizeof(RangeTask));
    }
    queue->halves[queue->half_count++] = task;
}

/* Cuts the task until it should take no more than twice the target; the other halves wait on the stack. */
static void task_halve(RangeQueue *queue, RangeTask *task, double estimate_us) {
    while (estimate_us > 2.0 * (double)queue->target_us && queue->half_count < HALVES_MAX) {
        const Value *middle;
        if (task->range.rows != RANGE_BETWEEN || task->range.from == NULL || task->range.to == NULL ||
            !range_middle(&queue->memory, task->range.from, task->range.to, queue->plan->match->key_count, &middle)) {
            return;
        }
        task->part = true;
        RangeTask rest = *task;
        rest.range.from = middle;
        task->range.to = middle;
        halves_push(queue, rest);
        queue->splits++;
        estimate_us /= 2;
    }
}

/* ---- taking ----------------------------------------------------------------------------------------------- */

/* How many plan ranges the next task joins. */
static size_t next_count(const RangeQueue *queue) {
    size_t left = queue->plan->range_count - queue->next;
    size_t share = left / (2 * (size_t)queue->plan->workers);
    double fits = queue->us_per_range > 0 ? (double)queue->target_us / queue->us_per_range : 1;
    size_t count = fits >= (double)(2 * queue->last_count) ? 2 * queue->last_count : (size_t)fits;
    count = count < share ? count : share;
    return count < 1 ? 1 : count;
}

static bool joins(const Range *a, const Range *b) {
    return a->rows == RANGE_BETWEEN && b->rows == RANGE_BETWEEN && a->to == b->from;
}

bool queue_take(RangeQueue *queue, RangeTask *out) {
    pthread_mutex_lock(&queue->lock);
    bool some = true;
    if (queue->half_count > 0) {
        *out = queue->halves[--queue->half_count];
    } else if (queue->next < queue->plan->range_count) {
        const Range *ranges = queue->plan->ranges;
        *out = (RangeTask){.range = ranges[queue->next], .first = queue->next, .count = 1};
        size_t wanted = next_count(queue);
        while (out->count < wanted && joins(&out->range, &ranges[queue->next + out->count])) {
            out->range.to = ranges[queue->next + out->count++].to;
        }
        queue->next += out->count;
        queue->last_count = out->count;
        if (out->count == 1) {
            task_halve(queue, out, queue->us_per_range);
        }
    } else {
        some = false;
    }
    if (some) {
        out->id = queue->taken++;
    }
    pthread_mutex_unlock(&queue->lock);
    return some;
}

/* Between two plan ranges where the task joins several, else between its bounds. */
static bool task_split(RangeQueue *queue, const RangeTask *task, RangeTask *first, RangeTask *rest) {
    const Value *middle;
    *first = *rest = *task;
    if (task->count > 1) {
        first->count = task->count / 2;
        rest->first += first->count;
        rest->count -= first->count;
        middle = queue->plan->ranges[rest->first].from;
    } else if (task->range.rows == RANGE_BETWEEN && task->range.from != NULL && task->range.to != NULL &&
               range_middle(&queue->memory, task->range.from, task->range.to, queue->plan->match->key_count, &middle)) {
        first->part = rest->part = true;
        queue->splits++;
    } else {
        return false;
    }
    first->range.to = rest->range.from = middle;
    first->depth = rest->depth = task->depth + 1;
    return true;
}

bool task_splits(const RangeTask *task, size_t key_count) {
    const Range *range = &task->range;
    Arena scratch = {0};
    const Value *middle;
    bool bounded = range->rows == RANGE_BETWEEN && range->from != NULL && range->to != NULL;
    bool splits = task->count > 1 || (bounded && range_middle(&scratch, range->from, range->to, key_count, &middle));
    arena_free(&scratch);
    return splits && task->depth < DEPTH_MAX;
}

bool queue_split(RangeQueue *queue, const RangeTask *task) {
    RangeTask first, rest;
    pthread_mutex_lock(&queue->lock);
    bool split = task->depth < DEPTH_MAX && task_split(queue, task, &first, &rest);
    if (split) {
        halves_push(queue, rest);
        halves_push(queue, first);
    }
    pthread_mutex_unlock(&queue->lock);
    return split;
}

void queue_learn(RangeQueue *queue, const RangeTask *task, int64_t duration_us) {
    if (task->part) {
        return; /* a part says little about whole ranges; the estimate stands until one was measured */
    }
    pthread_mutex_lock(&queue->lock);
    double measured = (double)duration_us / (double)task->count;
    queue->us_per_range = queue->us_per_range > 0 ? (queue->us_per_range + measured) / 2 : measured;
    pthread_mutex_unlock(&queue->lock);
}
