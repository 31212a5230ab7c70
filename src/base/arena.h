/* Memory by lifetime.
 *
 * An Arena hands out memory that lives until the arena is emptied or freed; nothing is freed
 * alone. Three lifetimes in the program: run, range, scratch. An arena belongs to one thread.
 *
 *     Arena arena = {0};                    // ready: no init call, no memory yet
 *     char *copy = arena_alloc(&arena, 12);
 *     arena_empty(&arena);                  // keeps the blocks for reuse
 *     arena_free(&arena);                   // ready again, without memory
 *
 * Memory is aligned to 16 bytes and not cleared, except by arena_zeroed. Nothing here returns NULL:
 * when the system has no memory left, the out-of-memory handler ends the process with status 2
 * ("cannot tell"), because a half-made answer is worth less than none.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *first; /* all blocks, in order of use */
    ArenaBlock *current;
    size_t held_bytes; /* taken from the system; what memory limits are measured by */
    size_t first_bytes; /* of the first block; 0: 8192. For those who hold many small arenas */
} Arena;

/* A place in an arena, to go back to. */
typedef struct ArenaMark {
    ArenaBlock *block;
    size_t used;
} ArenaMark;

void *arena_alloc(Arena *arena, size_t bytes);
void *arena_zeroed(Arena *arena, size_t bytes);
/* count * size, refused (out of memory) where that overflows. */
void *arena_array(Arena *arena, size_t count, size_t size);
/* A copy with a closing NUL. */
char *arena_copy(Arena *arena, const void *bytes, size_t length);
const char *arena_text(Arena *arena, const char *text); /* NULL stays NULL */
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

ArenaMark arena_mark(const Arena *arena);
/* Gives back everything handed out since the mark. */
void arena_rewind(Arena *arena, ArenaMark mark);
void arena_empty(Arena *arena);
void arena_free(Arena *arena);

#define ARENA_NEW(arena, Type) ((Type *)arena_zeroed((arena), sizeof(Type)))
#define ARENA_MANY(arena, count, Type) ((Type *)arena_array((arena), (count), sizeof(Type)))

/* malloc and realloc under the same promise, for memory with an owner and a free(). */
void *mem_alloc(size_t bytes);
void *mem_resize(void *memory, size_t bytes);

#endif
