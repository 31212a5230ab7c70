/* An even sample of findings (promises: sample.h).
 *
 * In: findings in any order. Out: the chosen ones in key order.
 * The kept entries form a heap with the least wanted one on top, so that an offer costs a hash and a comparison
 * once the sample is full. Each entry owns an arena, which its successor takes over.
 */
#include "check/sample.h"

#include "source/canon.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

typedef struct Entry {
    uint64_t hash;
    Arena arena;
    Finding finding;
} Entry;

enum { ENTRY_BYTES = 640 }; /* what a common finding needs */

struct Sample {
    size_t capacity;
    size_t limit_bytes, held_bytes; /* of the entries' arenas */
    uint64_t seed;
    Entry *heap;
    size_t count;
    size_t room;
    Finding *sorted; /* views of the entries; made by sample_sorted */
    Buf scratch;
    Arena cut; /* one finding at a time */
};

Sample *sample_make(size_t capacity, uint64_t seed) {
    Sample *sample = mem_alloc(sizeof(Sample));
    *sample = (Sample){.capacity = capacity, .limit_bytes = SIZE_MAX, .seed = seed};
    return sample;
}

void sample_limit(Sample *sample, size_t limit_bytes) {
    sample->limit_bytes = limit_bytes;
}

void sample_free(Sample *sample) {
    if (sample == NULL) {
        return;
    }
    for (size_t i = 0; i < sample->count; i++) {
        arena_free(&sample->heap[i].arena);
    }
    free(sample->heap);
    free(sample->sorted);
    buf_free(&sample->scratch);
    arena_free(&sample->cut);
    free(sample);
}

/* ---- the order of wanting --------------------------------------------------------------------------- */

static uint64_t key_hash(Sample *sample, const Finding *finding) {
    buf_empty(&sample->scratch);
    for (size_t i = 0; i < finding->key_count; i++) {
        canon_value(&finding->key[i], &sample->scratch);
    }
    return XXH3_64bits_withSeed(sample->scratch.bytes, sample->scratch.length, sample->seed);
}

int finding_order(const Finding *a, const Finding *b) {
    int order = finding_compare(a, b);
    return order != 0 ? order : (a->kind > b->kind) - (a->kind < b->kind);
}

/* Equal hashes (a duplicate key on both sides, or chance) are ordered by what is found: never by who came first. */
static bool wanted_less(uint64_t hash_a, const Finding *a, uint64_t hash_b, const Finding *b) {
    return hash_a != hash_b ? hash_a > hash_b : finding_order(a, b) > 0;
}

static bool entry_less(const Entry *a, const Entry *b) {
    return wanted_less(a->hash, &a->finding, b->hash, &b->finding);
}

/* ---- bounded copies -------------------------------------------------------------------------------- */

static bool kind_is_readable(Kind kind) {
    return kind == KIND_TEXT || kind == KIND_JSON || kind == KIND_ARRAY || kind == KIND_OPAQUE;
}

static bool is_too_long(const Value *value) {
    bool text = value->state == CELL_ODD ||
                (value->state == CELL_VALUE && (value->kind == KIND_BYTES || kind_is_readable(value->kind)));
    return text && value->as.text.length > SAMPLE_CELL_BYTES;
}

/* Cut at a whole character and marked; bytes are cut without a mark, which would be bytes as well. */
static Value value_cut(Arena *arena, Value value) {
    Str text = {value.as.text.bytes, SAMPLE_CELL_BYTES};
    if (value.state == CELL_VALUE && value.kind == KIND_BYTES) {
        value.as.text = text;
        return value;
    }
    while (text.length > 0 && ((unsigned char)text.bytes[text.length] & 0xC0) == 0x80) {
        text.length--;
    }
    char *marked = arena_alloc(arena, text.length + 3);
    memcpy(marked, text.bytes, text.length);
    memcpy(marked + text.length, "...", 3);
    value.as.text = (Str){marked, text.length + 3};
    return value;
}

static const FindingCell *cells_cut(Arena *arena, const FindingCell *cells, size_t count) {
    FindingCell *cut = ARENA_MANY(arena, count, FindingCell);
    for (size_t i = 0; i < count; i++) {
        cut[i] = cells[i];
        if (is_too_long(&cells[i].value)) {
            cut[i].value = value_cut(arena, cells[i].value);
        }
    }
    return cut;
}

/* ---- the heap: heap[0] is the least wanted ------------------------------------------------------------- */

static void heap_swap(Entry *heap, size_t a, size_t b) {
    Entry entry = heap[a];
    heap[a] = heap[b];
    heap[b] = entry;
}

static void heap_rise(Entry *heap, size_t at) {
    while (at > 0 && entry_less(&heap[at], &heap[(at - 1) / 2])) {
        heap_swap(heap, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void heap_sink(Entry *heap, size_t count, size_t at) {
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && entry_less(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!entry_less(&heap[child], &heap[at])) {
            return;
        }
        heap_swap(heap, at, child);
        at = child;
    }
}

static void heap_grow(Sample *sample) {
    if (sample->count < sample->room) {
        return;
    }
    size_t room = sample->room == 0 ? 16 : sample->room * 2;
    sample->room = room < sample->capacity ? room : sample->capacity;
    sample->heap = mem_resize(sample->heap, sample->room * sizeof(Entry));
}

/* An arena that grew for one broad row would otherwise keep that size for the whole run. */
static void entry_fill(Sample *sample, Entry *entry, uint64_t hash, const Finding *finding) {
    sample->held_bytes -= entry->arena.held_bytes;
    if (entry->arena.held_bytes > 8 * (size_t)SAMPLE_CELL_BYTES) {
        arena_free(&entry->arena);
    } else {
        arena_empty(&entry->arena);
    }
    entry->hash = hash;
    Finding cut = *finding;
    cut.old = cells_cut(&sample->cut, finding->old, finding->old_count);
    cut.new_ = cells_cut(&sample->cut, finding->new_, finding->new_count);
    entry->finding = finding_copy(&entry->arena, &cut);
    arena_empty(&sample->cut);
    sample->held_bytes += entry->arena.held_bytes;
}

/* The rest stay those whose hashes are smallest, so the sample stays even. */
static void heap_shrink(Sample *sample) {
    while (sample->held_bytes > sample->limit_bytes && sample->count > 1) {
        sample->held_bytes -= sample->heap[0].arena.held_bytes;
        arena_free(&sample->heap[0].arena);
        sample->heap[0] = sample->heap[--sample->count];
        heap_sink(sample->heap, sample->count, 0);
        sample->capacity = sample->count;
    }
}

void sample_offer(Sample *sample, const Finding *finding) {
    if (sample->capacity == 0) {
        return;
    }
    uint64_t hash = key_hash(sample, finding);
    if (sample->count < sample->capacity) {
        heap_grow(sample);
        Entry *entry = &sample->heap[sample->count];
        *entry = (Entry){.arena.first_bytes = ENTRY_BYTES};
        entry_fill(sample, entry, hash, finding);
        heap_rise(sample->heap, sample->count++);
    } else if (wanted_less(sample->heap[0].hash, &sample->heap[0].finding, hash, finding)) {
        entry_fill(sample, &sample->heap[0], hash, finding);
        heap_sink(sample->heap, sample->count, 0);
    }
    heap_shrink(sample);
}

static int finding_order_void(const void *a, const void *b) {
    return finding_order(a, b);
}

const Finding *sample_sorted(Sample *sample, size_t *count) {
    *count = sample->count;
    if (sample->count == 0) {
        return NULL;
    }
    sample->sorted = mem_resize(sample->sorted, sample->count * sizeof(Finding));
    for (size_t i = 0; i < sample->count; i++) {
        sample->sorted[i] = sample->heap[i].finding;
    }
    qsort(sample->sorted, sample->count, sizeof(Finding), finding_order_void);
    return sample->sorted;
}
