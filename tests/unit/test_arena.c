/* Arenas: alignment, growth, marks, and that memory is used again. */
#include "base/arena.h"
#include "test.h"

#include <stdint.h>
#include <string.h>

static void memory_is_aligned_and_apart(void) {
    Arena arena = {0};
    char *last = NULL;
    bool aligned = true, apart = true;
    for (size_t size = 0; size < 5000; size += 7) {
        char *memory = arena_alloc(&arena, size);
        memset(memory, (int)(size & 0x7F), size);
        aligned = aligned && (uintptr_t)memory % 16 == 0;
        apart = apart && memory != last;
        last = size == 0 ? NULL : memory;
    }
    CHECK(aligned);
    CHECK(apart);
    arena_free(&arena);
    CHECK(arena.held_bytes == 0 && arena.first == NULL);
}

static void big_pieces_fit(void) {
    Arena arena = {0};
    char *small = arena_copy(&arena, "abc", 3);
    char *big = arena_zeroed(&arena, 3 << 20);
    CHECK(big[0] == 0 && big[(3 << 20) - 1] == 0);
    CHECK_TEXT(small, "abc");
    CHECK(arena.held_bytes >= 3 << 20);
    arena_free(&arena);
}

static void emptied_memory_is_used_again(void) {
    Arena arena = {0};
    for (int i = 0; i < 100; i++) {
        arena_alloc(&arena, 1000);
    }
    size_t held = arena.held_bytes;
    for (int round = 0; round < 50; round++) {
        arena_empty(&arena);
        for (int i = 0; i < 100; i++) {
            memset(arena_alloc(&arena, 1000), round, 1000);
        }
    }
    CHECK(arena.held_bytes == held);
    arena_free(&arena);
}

/* What was handed out before the mark stays, also when blocks were added after it. */
static void a_mark_gives_back_what_came_after(void) {
    Arena arena = {0};
    char *kept = arena_printf(&arena, "%d-%s", 17, "kept");
    ArenaMark mark = arena_mark(&arena);
    char *first = arena_alloc(&arena, 100);
    arena_alloc(&arena, 100000);
    arena_rewind(&arena, mark);
    CHECK(arena_alloc(&arena, 100) == (void *)first);
    CHECK_TEXT(kept, "17-kept");
    size_t held = arena.held_bytes;
    arena_alloc(&arena, 100000);
    CHECK(arena.held_bytes == held);
    arena_free(&arena);
}

static void a_mark_of_an_empty_arena_empties_it(void) {
    Arena arena = {0};
    ArenaMark mark = arena_mark(&arena);
    char *first = arena_alloc(&arena, 10);
    arena_rewind(&arena, mark);
    CHECK(arena_alloc(&arena, 10) == (void *)first);
    arena_free(&arena);
}

/* A small block may stand before a larger need: the chain must stay whole. */
static void a_block_too_small_is_passed_over(void) {
    Arena arena = {0};
    arena_alloc(&arena, 8000);
    arena_alloc(&arena, 16000);
    arena_empty(&arena);
    arena_alloc(&arena, 8000);
    char *large = arena_alloc(&arena, 500000);
    memset(large, 1, 500000);
    char *next = arena_alloc(&arena, 16000);
    memset(next, 2, 16000);
    CHECK(large[499999] == 1 && next[0] == 2);
    arena_free(&arena);
}

static void copies_may_hold_any_byte(void) {
    Arena arena = {0};
    char *copy = arena_copy(&arena, "a\0b", 3);
    CHECK(memcmp(copy, "a\0b", 4) == 0);
    CHECK_TEXT(arena_copy(&arena, NULL, 0), "");
    arena_free(&arena);
}

int main(void) {
    TEST_RUN(memory_is_aligned_and_apart);
    TEST_RUN(big_pieces_fit);
    TEST_RUN(emptied_memory_is_used_again);
    TEST_RUN(a_mark_gives_back_what_came_after);
    TEST_RUN(a_mark_of_an_empty_arena_empties_it);
    TEST_RUN(a_block_too_small_is_passed_over);
    TEST_RUN(copies_may_hold_any_byte);
    return test_finish();
}
