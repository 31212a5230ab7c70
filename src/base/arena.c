/* Memory by lifetime: a chain of blocks, handed out from the front.
 *
 * In: sizes. Out: memory that is aligned to 16 bytes and never NULL.
 * Promises: emptied blocks are used again before the system is asked for more.
 * Refuses: to go on without memory (see out_of_memory).
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGNMENT = 16, FIRST_BLOCK_BYTES = 8192, LARGEST_BLOCK_BYTES = 1 << 20 };

struct ArenaBlock {
    ArenaBlock *next;
    size_t capacity;
    size_t used;
    size_t unused_; /* keeps bytes[] at a multiple of ALIGNMENT */
    char bytes[];
};

_Static_assert(sizeof(ArenaBlock) % ALIGNMENT == 0, "the bytes of a block begin aligned");

/* The one place below cmd that may end the process: no caller could do better, and to say "cannot tell" (status 2)
 * must not need memory itself. */
static _Noreturn void out_of_memory(void) {
    static const char sentence[] = "twofold: cannot go on: the system has no memory left\n";
    ssize_t written = write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
    (void)written;
    _exit(2);
}

void *mem_alloc(size_t bytes) {
    void *memory = malloc(bytes == 0 ? 1 : bytes);
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

void *mem_resize(void *memory, size_t bytes) {
    void *resized = realloc(memory, bytes == 0 ? 1 : bytes);
    if (resized == NULL) {
        out_of_memory();
    }
    return resized;
}

/* Blocks double, so that small arenas stay small and large ones ask the system rarely. */
static size_t block_capacity(const Arena *arena, size_t bytes) {
    size_t first = arena->first_bytes == 0 ? FIRST_BLOCK_BYTES : arena->first_bytes;
    size_t capacity = arena->current == NULL ? first : arena->current->capacity * 2;
    if (capacity > LARGEST_BLOCK_BYTES) {
        capacity = LARGEST_BLOCK_BYTES;
    }
    return bytes > capacity ? bytes : capacity;
}

/* A new block behind the current one; the blocks that followed it follow the new one. */
static ArenaBlock *block_insert(Arena *arena, size_t bytes) {
    size_t capacity = block_capacity(arena, bytes);
    ArenaBlock *block = mem_alloc(sizeof(ArenaBlock) + capacity);
    ArenaBlock **link = arena->current == NULL ? &arena->first : &arena->current->next;
    *block = (ArenaBlock){.next = *link, .capacity = capacity};
    *link = block;
    arena->held_bytes += sizeof(ArenaBlock) + capacity;
    return block;
}

static bool block_has_room(const ArenaBlock *block, size_t bytes) {
    return block != NULL && block->capacity - block->used >= bytes;
}

void *arena_alloc(Arena *arena, size_t bytes) {
    if (bytes > SIZE_MAX / 2) {
        out_of_memory();
    }
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block_has_room(arena->current, rounded)) {
        ArenaBlock *next = arena->current == NULL ? arena->first : arena->current->next;
        if (next != NULL) {
            next->used = 0;
        }
        arena->current = block_has_room(next, rounded) ? next : block_insert(arena, rounded);
    }
    void *memory = arena->current->bytes + arena->current->used;
    arena->current->used += rounded;
    return memory;
}

void *arena_zeroed(Arena *arena, size_t bytes) {
    void *memory = arena_alloc(arena, bytes);
    memset(memory, 0, bytes);
    return memory;
}

void *arena_array(Arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        out_of_memory();
    }
    return arena_alloc(arena, bytes);
}

char *arena_copy(Arena *arena, const void *bytes, size_t length) {
    char *copy = arena_alloc(arena, length + 1);
    if (length > 0) {
        memcpy(copy, bytes, length);
    }
    copy[length] = '\0';
    return copy;
}

const char *arena_text(Arena *arena, const char *text) {
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

char *arena_printf(Arena *arena, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t room = length < 0 ? 1 : (size_t)length + 1;
    char *text = arena_alloc(arena, room);
    text[0] = '\0';
    vsnprintf(text, room, format, again);
    va_end(again);
    return text;
}

ArenaMark arena_mark(const Arena *arena) {
    return (ArenaMark){.block = arena->current, .used = arena->current == NULL ? 0 : arena->current->used};
}

/* Blocks behind the mark keep their old `used`; arena_alloc clears it when it moves on to one. */
void arena_rewind(Arena *arena, ArenaMark mark) {
    arena->current = mark.block;
    if (mark.block != NULL) {
        mark.block->used = mark.used;
    }
}

void arena_empty(Arena *arena) {
    arena_rewind(arena, (ArenaMark){0});
}

void arena_free(Arena *arena) {
    for (ArenaBlock *block = arena->first; block != NULL;) {
        ArenaBlock *next = block->next;
        free(block);
        block = next;
    }
    *arena = (Arena){.first_bytes = arena->first_bytes};
}
